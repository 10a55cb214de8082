import type { OllamaModel } from './ollama-model.js';
import { sampleOllamaModels } from './ollama-samples.js';
import { vllmModel, type ListedModel } from './openai-models.js';

/** Chat with tools, vision, thinking, a coder and an embedding model. */
export function demoOllamaModels(): OllamaModel[] {
  return sampleOllamaModels([
    'llama3.1:8b',
    'gemma3:12b',
    'qwen3:8b',
    'gpt-oss:20b',
    'nomic-embed-text:latest',
    'qwen2.5-coder:7b',
  ]);
}

export function demoOpenAiModels(): ListedModel[] {
  return [
    vllmModel('Qwen/Qwen3-32B', 40_960),
    vllmModel('mistralai/Mistral-Small-3.2-24B-Instruct-2506', 131_072),
    vllmModel('BAAI/bge-m3', 8192),
  ];
}
