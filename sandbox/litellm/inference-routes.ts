import { asText, isObject, parseJson, type JsonObject } from '../json.js';
import { chatAnswer, embeddingAnswer } from '../openai-answers.js';
import { json, type Reply } from '../reply.js';
import type { Call, Route } from '../routes.js';
import { proxyError, pythonDictError } from './errors.js';
import type { Proxy } from './proxy.js';

/** Chats and embeddings: answered here, the upstream is never called. */
export function inferenceRoutes(proxy: Proxy): Route[] {
  const route = (path: string, answer: (model: string, body: JsonObject) => unknown): Route => ({
    method: 'POST',
    path,
    handle: (call) => infer(proxy, call, path.replace('/v1', ''), answer),
  });
  return [
    route('/v1/chat/completions', chatAnswer),
    route('/chat/completions', chatAnswer),
    route('/v1/embeddings', embeddingAnswer),
    route('/embeddings', embeddingAnswer),
  ];
}

function infer(
  proxy: Proxy,
  call: Call,
  route: string,
  answer: (model: string, body: JsonObject) => unknown,
): Reply {
  const worker = proxy.worker(call.headers['x-sandbox-replica']);
  const body = parseJson(call.text);
  const model = isObject(body) && typeof body['model'] === 'string' ? body['model'] : 'None';
  if (proxy.generation.readsThrough && !worker.knowsName(model) && worker.find(model) === undefined)
    worker.reconcile();
  const deployment = worker.use(model);
  const credential = deployment?.params['litellm_credential_name'];
  if (typeof credential === 'string' && proxy.credentials.find(credential) === undefined) {
    return proxyError(500, missingCredentials(model), null, null);
  }
  if (deployment !== undefined && isObject(body)) {
    return json(answer(model, body), 200, {
      'x-litellm-model-id': deployment.id,
      'x-litellm-model-api-base': asText(deployment.params['api_base']) ?? '',
      'x-litellm-version': proxy.generation.version,
      'x-litellm-model-group': encodeURI(deployment.name),
    });
  }
  if (worker.knowsName(model)) {
    return proxyError(
      400,
      `litellm.BadRequestError: You passed in model=${model}. There are no healthy deployments for this model. ` +
        `Received Model Group=${model}\nAvailable Model Group Fallbacks=None`,
      null,
      null,
    );
  }
  const message = `${route}: Invalid model name passed in model=${model}. Call \`/v1/models\` to view available models for your key.`;
  return pythonDictError(400, message, 'None');
}

function missingCredentials(model: string): string {
  return (
    'litellm.InternalServerError: InternalServerError: OpenAIException - Missing credentials. Please pass an `api_key`, ' +
    '`workload_identity`, `admin_api_key`, or set the `OPENAI_API_KEY` or `OPENAI_ADMIN_KEY` environment variable.. ' +
    `Received Model Group=${model}\nAvailable Model Group Fallbacks=None`
  );
}
