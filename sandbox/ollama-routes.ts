import { isObject, parseJson, without } from './json.js';
import { chatAnswer, embeddingAnswer } from './openai-answers.js';
import { sameName, type OllamaModel } from './ollama-model.js';
import { json, text, type Reply } from './reply.js';
import type { Call, Route } from './routes.js';
import { atLeast } from './version.js';

export function ollamaRoutes(models: OllamaModel[], version: () => string, onVerbose: () => void): Route[] {
  const find = (name: string) => models.find((model) => sameName(model.name, name));
  let shows = 0;

  function show(call: Call): Reply {
    if (call.text === '') return json({ error: 'missing request body' }, 400);
    const body = parseJson(call.text);
    if (!isObject(body)) return json({ error: 'invalid character in request body' }, 400);
    const name = body['model'] ?? body['name'];
    if (typeof name !== 'string' || name === '') return json({ error: 'model is required' }, 400);
    if (body['verbose'] === true) onVerbose();
    const model = find(name);
    if (model === undefined) return json({ error: `model '${name}' not found` }, 404);
    shows += 1;
    const answer = { ...model.show };
    // Ollama prints a Go map: the order of the lines changes from call to call.
    if (typeof answer['parameters'] === 'string') answer['parameters'] = rotated(answer['parameters'], shows);
    return json(without(answer, (key) => key === 'capabilities' && !atLeast(version(), '0.6.4')));
  }

  function openAiAnswer(call: Call, answer: (name: string, body: Record<string, unknown>) => unknown): Reply {
    const body = parseJson(call.text);
    const name = isObject(body) ? body['model'] : undefined;
    if (isObject(body) && typeof name === 'string' && find(name) !== undefined)
      return json(answer(name, body));
    return json(notFoundInOpenAiShape(String(name)), 404);
  }

  return [
    { method: 'GET', path: '/', kind: 'read', handle: () => text('Ollama is running') },
    { method: 'GET', path: '/api/version', kind: 'read', handle: () => json({ version: version() }) },
    {
      method: 'GET',
      path: '/api/tags',
      kind: 'read',
      handle: () => json({ models: newestFirst(models).map((model) => tagsRow(model, version())) }),
    },
    { method: 'POST', path: '/api/show', kind: 'read', handle: show },
    {
      method: 'GET',
      path: '/api/ps',
      kind: 'read',
      handle: () => json({ models: models.flatMap(psRow) }),
    },
    {
      method: 'GET',
      path: '/v1/models',
      kind: 'read',
      handle: () =>
        json({
          object: 'list',
          data: models.length === 0 ? null : newestFirst(models).map(openAiRow),
        }),
    },
    {
      method: 'GET',
      path: '/v1/models/:model',
      kind: 'read',
      handle: (call) => {
        const model = find(call.params['model'] ?? '');
        return model === undefined
          ? json(notFoundInOpenAiShape(call.params['model'] ?? ''), 404)
          : json(openAiRow(model));
      },
    },
    { method: 'POST', path: '/v1/chat/completions', handle: (call) => openAiAnswer(call, chatAnswer) },
    { method: 'POST', path: '/v1/embeddings', handle: (call) => openAiAnswer(call, embeddingAnswer) },
  ];
}

function newestFirst(models: OllamaModel[]): OllamaModel[] {
  return [...models].sort((a, b) => Date.parse(b.modified_at) - Date.parse(a.modified_at));
}

function tagsRow(model: OllamaModel, version: string): unknown {
  const { name, modified_at, size, digest, details, capabilities } = model;
  const { remote_model, remote_host } = model;
  const remote = remote_host === undefined ? {} : { remote_model, remote_host };
  const rest = { ...remote, modified_at, size, digest };
  if (atLeast(version, '0.30.0')) {
    return { name, model: name, ...rest, details, ...(capabilities === undefined ? {} : { capabilities }) };
  }
  return { name, model: name, ...rest, details: withoutLengths(details) };
}

function psRow(model: OllamaModel): unknown[] {
  if (model.loaded === undefined) return [];
  const { name, size, digest, details, loaded } = model;
  return [{ name, model: name, size, digest, details: withoutLengths(details), ...loaded }];
}

function withoutLengths(details: OllamaModel['details']) {
  return without({ ...details }, (key) => key === 'context_length' || key === 'embedding_length');
}

function openAiRow(model: OllamaModel): unknown {
  const slash = model.name.indexOf('/');
  return {
    id: model.name,
    object: 'model',
    created: Math.floor(Date.parse(model.modified_at) / 1000),
    owned_by: slash < 0 ? 'library' : model.name.slice(0, slash),
  };
}

function notFoundInOpenAiShape(name: string): unknown {
  return {
    error: { message: `model '${name}' not found`, type: 'not_found_error', param: null, code: null },
  };
}

function rotated(lines: string, by: number): string {
  const all = lines.split('\n');
  const start = by % all.length;
  return [...all.slice(start), ...all.slice(0, start)].join('\n');
}
