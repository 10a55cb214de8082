import { parseArgs } from 'node:util';

import { demoOllamaModels, demoOpenAiModels } from './demo-models.js';
import { startLitellm } from './litellm/start-litellm.js';
import { startOllama } from './ollama.js';
import { startOpenAiCompatible } from './openai-compatible.js';

const { values } = parseArgs({
  options: {
    'ollama-port': { type: 'string', default: '0' },
    'openai-port': { type: 'string', default: '0' },
    'litellm-port': { type: 'string', default: '0' },
    'litellm-version': { type: 'string', default: '1.81.15' },
    /** Ends when standard input closes, so that it never outlives the process that started it. */
    'with-parent': { type: 'boolean', default: false },
  },
});

const ollama = await startOllama({ port: Number(values['ollama-port']), models: demoOllamaModels() });
const openai = await startOpenAiCompatible({
  port: Number(values['openai-port']),
  models: demoOpenAiModels(),
});
const litellm = await startLitellm({
  port: Number(values['litellm-port']),
  version: values['litellm-version'],
});

let ending = false;
function end(): void {
  if (ending) return;
  ending = true;
  void Promise.all([ollama.close(), openai.close(), litellm.close()]).then(() => process.exit(0));
}

process.once('SIGTERM', end);
process.once('SIGINT', end);
if (values['with-parent']) {
  process.stdin.on('end', end).on('close', end).on('error', end).resume();
}

process.stdout.write(
  `${JSON.stringify({
    ollama: ollama.url,
    openai: openai.url,
    litellm: litellm.url,
    litellm_key: litellm.masterKey,
  })}\n`,
);
