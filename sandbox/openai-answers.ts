import type { JsonObject } from './json.js';

/** The smallest answers that an OpenAI client accepts; no model runs here. */
export function chatAnswer(model: string): unknown {
  return {
    id: 'chatcmpl-1',
    created: 1_700_000_000,
    model,
    object: 'chat.completion',
    choices: [{ finish_reason: 'stop', index: 0, message: { role: 'assistant', content: 'pong' } }],
    usage: { completion_tokens: 1, prompt_tokens: 3, total_tokens: 4 },
  };
}

export function embeddingAnswer(model: string, body: JsonObject): unknown {
  const inputs: unknown[] = Array.isArray(body['input']) ? body['input'] : [body['input']];
  return {
    model,
    object: 'list',
    data: inputs.map((_input, index) => ({ object: 'embedding', index, embedding: [0.1, 0.2, 0.3] })),
    usage: { prompt_tokens: inputs.length, total_tokens: inputs.length },
  };
}
