import { controlRoutes } from './control.js';
import { isObject, parseJson } from './json.js';
import {
  changeOllamaModel,
  digestOf,
  ollamaModel,
  sameName,
  type OllamaModel,
  type OllamaModelOverrides,
} from './ollama-model.js';
import { ollamaRoutes } from './ollama-routes.js';
import { json, text } from './reply.js';
import type { Route } from './routes.js';
import { startServer, type StandInServer } from './server.js';

export interface OllamaOptions {
  port?: number;
  models?: OllamaModel[];
  /** Below 0.30 tags has no capabilities and no lengths; below 0.6.4 show has no capabilities either. */
  version?: string;
  /** Asked for as `Authorization: Bearer …` on every route. */
  apiKey?: string;
  keepRequests?: number;
}

export interface OllamaStandIn extends StandInServer {
  /** The live list: what the next request sees. `counters.get('verbose')` counts shows that asked for verbose. */
  readonly models: OllamaModel[];
  version: string;
  add(...models: (OllamaModel | string)[]): void;
  remove(name: string): void;
  /** Changes a model as a new pull does: new digest, and on top of the list. */
  replace(name: string, changes?: OllamaModelOverrides): void;
  rename(name: string, newName: string): void;
}

export async function startOllama(options: OllamaOptions = {}): Promise<OllamaStandIn> {
  const models: OllamaModel[] = [...(options.models ?? [])];
  let pulls = 0;

  const indexOf = (name: string) => {
    const index = models.findIndex((model) => sameName(model.name, name));
    if (index < 0) throw new Error(`the Ollama stand-in has no model ${name}`);
    return index;
  };
  const pull = (name: string, changes: OllamaModelOverrides) => {
    const index = indexOf(name);
    const model = models[index];
    if (model === undefined) return;
    pulls += 1;
    const fresh = { digest: digestOf(`${model.digest}/${pulls}`), modifiedAt: new Date().toISOString() };
    models[index] = changeOllamaModel(model, { ...fresh, ...changes });
  };

  const server = await startServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.keepRequests === undefined ? {} : { keepRequests: options.keepRequests }),
    routes: ollamaRoutes(
      models,
      () => standIn.version,
      () => server.counters.bump('verbose'),
    ),
    control: (started) => [...controlRoutes(started), ...modelControl()],
    guard: (call) =>
      options.apiKey === undefined || call.headers.authorization === `Bearer ${options.apiKey}`
        ? undefined
        : json({ error: 'unauthorized' }, 401),
    notFound: () => text('404 page not found', 404),
    wrongMethod: () => text('405 method not allowed', 405),
  });

  const standIn: OllamaStandIn = Object.assign(server, {
    models,
    version: options.version ?? '0.32.14',
    add: (...added: (OllamaModel | string)[]) => {
      for (const one of added) {
        const model = typeof one === 'string' ? ollamaModel(one) : one;
        const index = models.findIndex(({ name }) => sameName(name, model.name));
        if (index < 0) models.push(model);
        else models[index] = model;
      }
    },
    remove: (name: string) => void models.splice(indexOf(name), 1),
    replace: (name: string, changes: OllamaModelOverrides = {}) => pull(name, changes),
    rename: (name: string, newName: string) => {
      const index = indexOf(name);
      const model = models[index];
      if (model !== undefined)
        models[index] = { ...model, name: newName.includes(':') ? newName : `${newName}:latest` };
    },
  });

  /** `{name, …overrides}` adds a model; deleting takes its encoded name. */
  function modelControl(): Route[] {
    return [
      {
        method: 'POST',
        path: '/__sandbox/models',
        handle: (call) => {
          const body = parseJson(call.text);
          if (!isObject(body) || typeof body['name'] !== 'string')
            return json({ error: 'want {name, …}' }, 400);
          const { name, ...overrides } = body;
          standIn.add(ollamaModel(name, { modifiedAt: new Date().toISOString(), ...overrides }));
          return json({ models: models.map((model) => model.name) });
        },
      },
      {
        method: 'DELETE',
        path: '/__sandbox/models/:name',
        handle: (call) => {
          const name = call.params['name'] ?? '';
          if (!models.some((model) => sameName(model.name, name)))
            return json({ error: 'no such model' }, 404);
          standIn.remove(name);
          return json({ models: models.map((model) => model.name) });
        },
      },
    ];
  }

  return standIn;
}
