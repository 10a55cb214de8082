import { controlRoutes } from '../control.js';
import { isObject, parseJson } from '../json.js';
import { json } from '../reply.js';
import type { Route } from '../routes.js';
import type { StandInServer } from '../server.js';

/** What the control routes steer. */
interface Controlled {
  rows(): unknown;
  seed(row: {
    model_name: string;
    litellm_params: Record<string, unknown>;
    model_info?: Record<string, unknown>;
  }): string;
  unseed(id: string): boolean;
}

/** `{model_name, litellm_params, model_info?}` puts a row that somebody else made; deleting takes its id. */
export function litellmControl(server: StandInServer, standIn: () => Controlled): Route[] {
  return [
    ...controlRoutes(server),
    { method: 'GET', path: '/__sandbox/rows', handle: () => json({ rows: standIn().rows() }) },
    {
      method: 'POST',
      path: '/__sandbox/models',
      handle: (call) => {
        const body = parseJson(call.text);
        if (!isObject(body) || typeof body['model_name'] !== 'string' || !isObject(body['litellm_params'])) {
          return json({ error: 'want {model_name, litellm_params, model_info?}' }, 400);
        }
        const { model_name, litellm_params, model_info } = body;
        const info = isObject(model_info) ? { model_info } : {};
        return json({ id: standIn().seed({ model_name, litellm_params, ...info }) });
      },
    },
    {
      method: 'DELETE',
      path: '/__sandbox/models/:name',
      handle: (call) => json({ removed: standIn().unseed(call.params['name'] ?? '') }),
    },
  ];
}
