import { demoOllamaModels } from '../sandbox/demo-models.js';
import { digestOf, type OllamaModel } from '../sandbox/ollama-model.js';
import { vllmModel, type ListedModel } from '../sandbox/openai-models.js';

/** The bodies of real servers, under names and digests of their own. */
export function ollamaModels(box: number, count: number): OllamaModel[] {
  const samples = demoOllamaModels();
  return Array.from({ length: count }, (_, index) => {
    const sample = samples[index % samples.length]!;
    const name = `${sample.name.replace(/:.*/, '')}-${index}:latest`;
    return { ...sample, name, digest: digestOf(`${box}/${name}`) };
  });
}

/** vLLM's list, whose volatile fields change with every call. */
export function openAiModels(count: number): ListedModel[] {
  return Array.from({ length: count }, (_, index) =>
    vllmModel(`org/model-${index}`, 8_192 + 1_024 * (index % 100)),
  );
}
