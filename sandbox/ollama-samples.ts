import { readFileSync } from 'node:fs';

import { changeOllamaModel, type OllamaModel } from './ollama-model.js';
import type { JsonObject } from './json.js';

/** Models with the bodies that real servers send (tensor lists and licences shortened); all of them, or those named. */
export function sampleOllamaModels(names?: string[]): OllamaModel[] {
  const showFiles = sample('index.json') as Record<string, string>;
  const { models } = sample('tags.json') as { models: Omit<OllamaModel, 'show'>[] };
  return models
    .filter(({ name }) => names === undefined || names.includes(name))
    .map((row) => {
      const show = sample(showFiles[row.name] ?? '') as JsonObject;
      return changeOllamaModel({ ...row, show }, {});
    });
}

function sample(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`./samples/ollama/${file}`, import.meta.url), 'utf8'));
}
