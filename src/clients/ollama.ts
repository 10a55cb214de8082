import { cleanOllamaListing, cleanOllamaShow } from '../domain/clean-payload.js';
import { redactUrl } from '../domain/base-url.js';
import { PermanentError, messageOf } from '../domain/errors.js';
import { isJsonObject } from '../domain/json.js';
import { parseModelList } from '../domain/parse-model-list.js';
import type { CatalogueReader, ModelDetails, ProviderAccess } from '../domain/ports.js';
import type { Http, HttpRequest } from './http.js';
import { errorMessage, quoteText, readJson, throwForStatus } from './reply.js';

/** From 0.30 the first list after a start blocks until Ollama has read all its manifests. */
const listTimeoutMs = 30_000;
/** A cloud model's details come from ollama.com, within Ollama's own 3 s; before 0.30 every call reads a GGUF header. */
const showTimeoutMs = 30_000;
/** Only loaded models, answered from memory; its loss costs nothing but an observation. */
const psTimeoutMs = 5_000;
const maxErrorLength = 500; // of `detailsError` in `found-model.ts`

export function createOllama(http: Http): CatalogueReader {
  const call = (access: ProviderAccess, request: Omit<HttpRequest, 'apiKey'>) =>
    http({ ...request, ...(access.apiKey !== undefined && { apiKey: access.apiKey }) });

  return {
    async list(access, signal) {
      const who = nameOf(access);
      const url = `${access.baseUrl}/api/tags`;
      const reply = await call(access, { method: 'GET', url, signal, timeoutMs: listTimeoutMs });
      throwForStatus(reply, who);
      // Ollama matches names without regard to case: `Qwen3:8b` and `qwen3:8b` are one model.
      const list = parseModelList(readJson(reply, who), { caseFold: true });
      if ('error' in list) throw new PermanentError(`${who}: ${quoteText(reply, list.error)}`);
      const entries = list.entries.map(({ modelId, entry }) => ({
        modelId,
        listing: cleanOllamaListing(entry),
      }));
      return { entries, skipped: list.skipped, calls: 1 };
    },

    async details(access, modelId, signal): Promise<ModelDetails> {
      const who = nameOf(access);
      try {
        const reply = await call(access, {
          method: 'POST',
          url: `${access.baseUrl}/api/show`,
          json: { model: modelId }, // never `verbose`: token and merge arrays make 5 to 10 MB
          signal,
          timeoutMs: showTimeoutMs,
        });
        if (reply.status === 404 && errorMessage(reply.text) !== '')
          return { detailsError: `${who} no longer knows this model (404): it was removed meanwhile` };
        throwForStatus(reply, who);
        const body = readJson(reply, who, 'model details');
        if (!isJsonObject(body)) return { detailsError: `${who} answered something else than model details` };
        if (body.error !== undefined)
          return { detailsError: `${who} answered an error instead of model details` };
        return { details: cleanOllamaShow(body) };
      } catch (error) {
        signal.throwIfAborted();
        return { detailsError: messageOf(error).slice(0, maxErrorLength) };
      }
    },

    async observedContexts(access, signal) {
      const contexts = new Map<string, number>();
      try {
        const url = `${access.baseUrl}/api/ps`;
        const reply = await call(access, { method: 'GET', url, signal, timeoutMs: psTimeoutMs });
        throwForStatus(reply, nameOf(access));
        const body = readJson(reply, nameOf(access));
        const models = isJsonObject(body) && Array.isArray(body.models) ? body.models : [];
        for (const model of models.filter(isJsonObject)) {
          const { name, context_length: context } = model; // since 0.9.7
          if (typeof name === 'string' && Number.isSafeInteger(context) && Number(context) > 0) {
            contexts.set(name, Number(context));
          }
        }
      } catch {
        // An observation, not a fact to rely on: older servers and proxies in front may not have the route at all.
      }
      return contexts;
    },

    hasDetails: () => true,
  };
}

function nameOf({ baseUrl }: ProviderAccess): string {
  return `Ollama at ${redactUrl(baseUrl)}`;
}
