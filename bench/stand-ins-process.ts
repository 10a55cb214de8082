import { parseArgs } from 'node:util';
import { demoOllamaModels } from '../sandbox/demo-models.js';
import { startLitellm } from '../sandbox/litellm/start-litellm.js';
import { digestOf, type OllamaModel } from '../sandbox/ollama-model.js';
import { startOllama } from '../sandbox/ollama.js';
import { startOpenAiCompatible } from '../sandbox/openai-compatible.js';
import { vllmModel } from '../sandbox/openai-models.js';
import { writeCostMs } from './write-cost.js';

// A process of its own: neither its load nor its memory mixes with what is measured. Ends when its stdin closes.
const { values } = parseArgs({ options: { providers: { type: 'string' }, models: { type: 'string' } } });
const ofEachKind = Number(values.providers) / 2;
const models = Number(values.models);
const samples = demoOllamaModels();
const keepRequests = 1;

/** The bodies of real servers, under names and digests of their own. */
function ollamaModels(box: number): OllamaModel[] {
  return Array.from({ length: models }, (_, index) => {
    const sample = samples[index % samples.length]!;
    const name = `${sample.name.replace(/:.*/, '')}-${index}:latest`;
    return { ...sample, name, digest: digestOf(`${box}/${name}`) };
  });
}

/** vLLM's list, whose volatile fields change with every call. */
const openAiModels = () =>
  Array.from({ length: models }, (_, index) => vllmModel(`org/model-${index}`, 8_192 + 1_024 * index));

const boxes = Array.from({ length: ofEachKind }, (_, box) => box);
const ollama = await Promise.all(
  boxes.map((box) => startOllama({ models: ollamaModels(box), keepRequests })),
);
const openai = await Promise.all(
  boxes.map(() => startOpenAiCompatible({ models: openAiModels(), keepRequests })),
);
const litellm = await startLitellm({ writeCostMs, keepRequests });
const bareLitellm = await startLitellm({ writeCostMs, keepRequests });

process.on('SIGINT', () => undefined); // the one that started us decides
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0));
process.stdin.resume();
process.stdout.write(
  `${JSON.stringify({
    ollama: ollama.map(({ url }) => url),
    openai: openai.map(({ url }) => url),
    litellm: litellm.url,
    bareLitellm: bareLitellm.url,
    litellmKey: litellm.masterKey,
  })}\n`,
);
