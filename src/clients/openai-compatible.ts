import { apiRootOf, listUrls, redactUrl } from '../domain/base-url.js';
import { cleanOpenAiListing } from '../domain/clean-payload.js';
import { inheritFromParents } from '../domain/context-window.js';
import { PermanentError } from '../domain/errors.js';
import type { SkippedEntry } from '../domain/found-model.js';
import type { Json, JsonObject } from '../domain/json.js';
import { parseModelList } from '../domain/parse-model-list.js';
import type { CatalogueReader, ProviderAccess } from '../domain/ports.js';
import type { Http, HttpReply } from './http.js';
import { nextPageUrl } from './next-page.js';
import { quoteText, readJson, throwForStatus } from './reply.js';

const timeoutMs = 30_000;
/** Anthropic's default of 20 a page makes 4,000 models; more is a loop. */
const maxPages = 200;

/** Every server with `GET …/models`. A page that fails fails the fetch: half a list would make orphans of the rest. */
export function createOpenAiCompatible(http: Http): CatalogueReader {
  return {
    async list(access, signal) {
      const who = nameOf(access);
      const get = (url: string) =>
        http({
          method: 'GET',
          url,
          signal,
          timeoutMs,
          ...(access.apiKey !== undefined && { apiKey: access.apiKey }),
        });

      const { reply: first, listUrl, calls: guesses } = await firstKnown(candidates(access), get);
      throwForStatus(first, who);
      const found = new Map<string, JsonObject>();
      const skipped: SkippedEntry[] = [];
      const asked = new Set([listUrl]);
      let calls = guesses;
      let url: string | undefined = listUrl;
      let reply = first;
      while (url !== undefined) {
        const body = readJson(reply, who);
        addPage(reply, who, body, found, skipped);
        url = nextPageUrl(body, url);
        if (url === undefined) break;
        if (asked.has(url))
          throw new PermanentError(`${who} sent the same page of its list twice: its paging is broken`);
        if (asked.size >= maxPages)
          throw new PermanentError(`${who} has more than ${maxPages} pages of models`);
        asked.add(url);
        reply = await get(url);
        calls += 1;
        throwForStatus(reply, who);
      }
      const entries = [...found].map(([modelId, entry]) => ({ modelId, listing: cleanOpenAiListing(entry) }));
      return { entries: inheritFromParents(entries), skipped, calls, apiRoot: apiRootOf(listUrl) };
    },
    details: () => Promise.resolve({}),
    observedContexts: () => Promise.resolve(new Map()),
    hasDetails: () => false,
  };
}

/** What worked before comes first, so that a server without `/v1` costs one call, too. */
function candidates({ kind, baseUrl, apiRoot }: ProviderAccess): string[] {
  const urls = listUrls(kind, baseUrl);
  return apiRoot === undefined ? urls : [...new Set([`${apiRoot}/models`, ...urls])];
}

/** The first candidate that is not a 404; where all are, the last 404. */
async function firstKnown(urls: string[], get: (url: string) => Promise<HttpReply>) {
  let last: { reply: HttpReply; listUrl: string; calls: number } | undefined;
  for (const [index, listUrl] of urls.entries()) {
    last = { reply: await get(listUrl), listUrl, calls: index + 1 };
    if (last.reply.status !== 404) break;
  }
  if (!last) throw new PermanentError('there is no address to ask for the model list');
  return last;
}

function addPage(
  reply: HttpReply,
  who: string,
  body: Json,
  found: Map<string, JsonObject>,
  skipped: SkippedEntry[],
): void {
  const page = parseModelList(body);
  if ('error' in page) throw new PermanentError(`${who}: ${quoteText(reply, page.error)}`);
  skipped.push(...page.skipped);
  for (const { modelId, entry } of page.entries) {
    if (found.has(modelId)) skipped.push({ modelId, reason: 'a repetition of one on an earlier page' });
    else found.set(modelId, entry);
  }
}

function nameOf({ baseUrl }: ProviderAccess): string {
  return `the server at ${redactUrl(baseUrl)}`;
}
