import { startLitellm } from '../sandbox/litellm/start-litellm.js';
import { startOllama } from '../sandbox/ollama.js';
import { startOpenAiCompatible } from '../sandbox/openai-compatible.js';
import { ollamaModels, openAiModels } from './stand-in-models.js';
import type { StandInsOptions } from './start-stand-ins.js';
import { writeCosts } from './write-cost.js';

// A process of its own: neither its load nor its memory mixes with what is measured. Ends when its stdin closes.
const options = JSON.parse(process.argv[2] ?? '') as StandInsOptions;
const { providers, models, writeCost, foreignRows = 0 } = options;
const keepRequests = 1;
const boxes = Array.from({ length: providers / 2 }, (_, box) => box);
const configRows = Array.from({ length: foreignRows }, (_, index) => ({
  model_name: `foreign-${index}`,
  litellm_params: { model: `openai/foreign-${index}`, api_base: 'http://127.0.0.1:8000/v1' },
  model_info: { id: `foreign-${index}` },
}));

const ollama = await Promise.all(
  boxes.map((box) => startOllama({ models: ollamaModels(box, models), keepRequests })),
);
const openai = await Promise.all(
  boxes.map(() => startOpenAiCompatible({ models: openAiModels(models), keepRequests })),
);
const writeCostMs = writeCost === undefined ? () => 0 : writeCosts[writeCost];
const litellm = await startLitellm({ writeCostMs, keepRequests, configRows });
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
