import { apiRootOf, redactUrl } from '../domain/base-url.js';
import { cleanOpenAiListing } from '../domain/clean-payload.js';
import { PermanentError } from '../domain/errors.js';
import { groupLitellmRows } from '../domain/group-litellm-rows.js';
import { parseModelList } from '../domain/parse-model-list.js';
import type { CatalogueReader } from '../domain/ports.js';
import type { Http } from './http.js';
import { isRouterless, throwForLitellmFault } from './litellm-fault.js';
import { readRows } from './litellm-rows.js';
import { quoteText, readJson, throwForStatus } from './reply.js';

/** `/model/info` copies every row and looks each one up three times: 0.6 s at 1,500 rows, far more with Ollama rows. */
const timeoutMs = 60_000;

/** Another LiteLLM as a source. Its database does not matter here, only what it serves. */
export function createLitellmSource(http: Http): CatalogueReader {
  return {
    async list(access, signal) {
      const who = `LiteLLM at ${redactUrl(access.baseUrl)}`;
      const get = (path: string) =>
        http({
          method: 'GET',
          url: `${access.baseUrl}${path}`,
          signal,
          timeoutMs,
          ...(access.apiKey !== undefined && { apiKey: access.apiKey }),
        });
      const apiRoot = apiRootOf(`${access.baseUrl}/model/info`);

      const info = await get('/model/info');
      if (isRouterless(info)) return { entries: [], skipped: [], calls: 1, apiRoot };
      if (info.status !== 404) {
        throwForLitellmFault(info, who);
        throwForStatus(info, who);
        return { ...groupLitellmRows(readRows(info, who).rows), calls: 1, apiRoot };
      }
      // Old versions, and gateways that let only the OpenAI routes through.
      const models = await get('/v1/models');
      throwForLitellmFault(models, who);
      throwForStatus(models, who);
      const list = parseModelList(readJson(models, who));
      if ('error' in list) throw new PermanentError(`${who}: ${quoteText(models, list.error)}`);
      const entries = list.entries.map(({ modelId, entry }) => ({
        modelId,
        listing: cleanOpenAiListing(entry),
      }));
      return { entries, skipped: list.skipped, calls: 2, apiRoot };
    },
    details: () => Promise.resolve({}),
    observedContexts: () => Promise.resolve(new Map()),
    hasDetails: () => false,
  };
}
