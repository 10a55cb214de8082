import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama } from '../../sandbox/ollama.js';
import { startOpenAiCompatible } from '../../sandbox/openai-compatible.js';
import { vllmModel } from '../../sandbox/openai-models.js';
import type { Faults } from '../../sandbox/faults.js';

/** A stand-in with what a storm does to it, whichever kind it is. */
export interface ModelServer {
  /** All its models bear it in their names. */
  letter: string;
  type: 'ollama' | 'openai';
  baseUrl: string;
  /** Every name that it may ever serve. */
  pool: readonly string[];
  /** What it serves, with the context window of each. */
  serves: Map<string, number>;
  faults: Faults;
  /** The body of a list call that names no model. */
  nothing: unknown;
  put(name: string, context: number): void;
  drop(name: string): void;
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

const contextAtFirst = 8_192;

const poolOf = (letter: string) => [
  ...Array.from({ length: 11 }, (_none, index) => `${letter}${index}:1b`),
  `embed-${letter}:1b`,
];

export async function startOllamaServer(letter: string, count: number): Promise<ModelServer> {
  const pool = poolOf(letter);
  const ollama = await startOllama();
  const serves = new Map<string, number>();
  const server: ModelServer = {
    letter,
    type: 'ollama',
    baseUrl: ollama.url,
    pool,
    serves,
    faults: ollama.faults,
    nothing: { models: [] },
    put(name, context) {
      if (serves.has(name)) ollama.replace(name, { contextLength: context });
      else ollama.add(ollamaModel(name, { contextLength: context }));
      serves.set(name, context);
    },
    drop(name) {
      if (serves.delete(name)) ollama.remove(name);
    },
    down: () => ollama.down(),
    up: () => ollama.up(),
    close: () => ollama.close(),
  };
  for (const name of pool.slice(0, count)) server.put(name, contextAtFirst);
  return server;
}

export async function startVllmServer(letter: string, count: number): Promise<ModelServer> {
  const pool = poolOf(letter);
  const vllm = await startOpenAiCompatible();
  const serves = new Map<string, number>();
  const server: ModelServer = {
    letter,
    type: 'openai',
    baseUrl: vllm.baseUrl,
    pool,
    serves,
    faults: vllm.faults,
    nothing: { object: 'list', data: [] },
    put(name, context) {
      vllm.remove(name);
      vllm.add(vllmModel(name, context));
      serves.set(name, context);
    },
    drop(name) {
      if (serves.delete(name)) vllm.remove(name);
    },
    down: () => vllm.down(),
    up: () => vllm.up(),
    close: () => vllm.close(),
  };
  for (const name of pool.slice(0, count)) server.put(name, contextAtFirst);
  return server;
}
