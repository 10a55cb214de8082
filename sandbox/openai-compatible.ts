import { controlRoutes } from './control.js';
import { isObject, parseJson } from './json.js';
import { listAnswer, type ListShape, type Paging } from './openai-list.js';
import { chatAnswer, embeddingAnswer } from './openai-answers.js';
import { openAiModel } from './openai-models.js';
import { json, type Reply } from './reply.js';
import type { Call, Route } from './routes.js';
import { startServer, type StandInServer } from './server.js';

export interface OpenAiCompatibleOptions {
  port?: number;
  /** Listed as given; a bare string is listed as a string. */
  models?: unknown[];
  /** Accepted as `Authorization: Bearer …` and as `x-api-key`. */
  apiKey?: string;
  /** The path before /models, `/v1` unless given; `''` mounts at the root. */
  mount?: string;
  shape?: ListShape;
  paging?: Paging;
  pageSize?: number;
  /** The body of a 401; OpenAI's unless given (vLLM: `{ error: 'Unauthorized' }`). */
  unauthorizedBody?: unknown;
  keepRequests?: number;
}

export interface OpenAiCompatibleStandIn extends StandInServer {
  /** The URL with the mount, as an operator would enter it. */
  baseUrl: string;
  /** The live list and knobs: what the next request sees. */
  models: unknown[];
  shape: ListShape;
  paging: Paging;
  pageSize: number;
  apiKey: string | undefined;
  add(...models: unknown[]): void;
  remove(id: string): void;
}

const OPENAI_401 = {
  error: {
    message: 'Incorrect API key provided: sk-abc***xyz.',
    type: 'invalid_request_error',
    param: null,
    code: 'invalid_api_key',
  },
};

/** `/models/` with a trailing slash answers a 307 to the path without it. */
export async function startOpenAiCompatible(
  options: OpenAiCompatibleOptions = {},
): Promise<OpenAiCompatibleStandIn> {
  const mount = options.mount ?? '/v1';
  const state = {
    models: [...(options.models ?? [])],
    shape: options.shape ?? 'list',
    paging: options.paging ?? 'none',
    pageSize: options.pageSize ?? 20,
    apiKey: options.apiKey,
    add: (...models: unknown[]) => void standIn.models.push(...models),
    remove: (id: string) => {
      standIn.models = standIn.models.filter((model) => idOf(model) !== id);
    },
  };
  let calls = 0;

  const routes: Route[] = [
    {
      method: 'GET',
      path: `${mount}/models`,
      kind: 'read',
      handle: (call) => {
        calls += 1;
        return listAnswer(call, `${mount}/models`, standIn, calls);
      },
    },
    { method: 'POST', path: `${mount}/chat/completions`, handle: (call) => inference(call, chatAnswer) },
    { method: 'POST', path: `${mount}/embeddings`, handle: (call) => inference(call, embeddingAnswer) },
  ];

  function inference(call: Call, answer: (model: string, body: Record<string, unknown>) => unknown): Reply {
    const body = parseJson(call.text);
    const model = isObject(body) ? body['model'] : undefined;
    if (isObject(body) && typeof model === 'string' && standIn.models.some((one) => idOf(one) === model)) {
      return json(answer(model, body));
    }
    const message = `The model \`${String(model)}\` does not exist.`;
    return json({ error: { message, type: 'NotFoundError', param: 'model', code: 404 } }, 404);
  }

  const allowed = (call: Call) =>
    standIn.apiKey === undefined ||
    call.headers.authorization === `Bearer ${standIn.apiKey}` ||
    call.headers['x-api-key'] === standIn.apiKey;

  const server = await startServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.keepRequests === undefined ? {} : { keepRequests: options.keepRequests }),
    routes,
    control: (started) => [...controlRoutes(started), ...modelControl()],
    guard: (call) => (allowed(call) ? undefined : json(options.unauthorizedBody ?? OPENAI_401, 401)),
    notFound: () => json({ detail: 'Not Found' }, 404),
    wrongMethod: () => json({ detail: 'Method Not Allowed' }, 405),
    redirectSlash: true,
  });
  const standIn: OpenAiCompatibleStandIn = Object.assign(server, { baseUrl: server.url + mount, ...state });

  function modelControl(): Route[] {
    return [
      {
        method: 'POST',
        path: '/__sandbox/models',
        handle: (call) => {
          const body = parseJson(call.text);
          if (!isObject(body) || typeof body['id'] !== 'string') return json({ error: 'want {id, …}' }, 400);
          standIn.remove(body['id']);
          standIn.add({ ...openAiModel(body['id']), ...body });
          return json({ models: standIn.models.map(idOf) });
        },
      },
      {
        method: 'DELETE',
        path: '/__sandbox/models/:name',
        handle: (call) => {
          standIn.remove(call.params['name'] ?? '');
          return json({ models: standIn.models.map(idOf) });
        },
      },
    ];
  }

  return standIn;
}

function idOf(model: unknown): unknown {
  return isObject(model) ? model['id'] : model;
}
