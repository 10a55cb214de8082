import { redactUrl } from '../domain/base-url.js';
import { messageOf, PermanentError } from '../domain/errors.js';
import { isJsonObject, type Json } from '../domain/json.js';
import type { DeploymentBody, Destination, DestinationAccess, DestinationRow } from '../domain/ports.js';
import type { Http, HttpReply, HttpRequest } from './http.js';
import { isRouterless } from './litellm-fault.js';
import { throwForLitellmAnswer } from './litellm-refusal.js';
import { mayWrite } from './litellm-rights.js';
import { destinationRow, readRows } from './litellm-rows.js';
import { errorMessage, readJson, throwForStatus } from './reply.js';

/** Every write makes LiteLLM read and decrypt all rows: 2 s at 1,500 models on a stand-in database without Prisma. */
const timeoutMs = 60_000;
/** One page wherever possible (pages cost nearly as much as the whole): 722 bytes a row, 4 KB once a model was used. */
const pageSize = 5_000;
const maxPages = 200;
const maxListBytes = 32 * 1024 * 1024;

/** LiteLLM's admin API of 1.81 and about 1.102; which text means what was recorded from 1.81.15. */
export function createLitellmAdmin(http: Http): Destination {
  const call = (
    access: DestinationAccess,
    path: string,
    signal?: AbortSignal,
    more: Partial<HttpRequest> = {},
  ) =>
    http({
      method: 'GET',
      url: `${access.baseUrl}${path}`,
      timeoutMs,
      ...(access.apiKey !== undefined && { apiKey: access.apiKey }),
      ...(signal && { signal }),
      ...more,
    });

  /** One row by id from either generation of the listing. */
  async function row(
    access: DestinationAccess,
    path: string,
    id: string,
    signal?: AbortSignal,
    connection: 'fresh' | 'kept' = 'fresh',
  ) {
    // Replicas differ: asking the one behind the kept connection again would learn nothing.
    const reply = await call(access, path, signal, { fresh: connection === 'fresh' });
    if (isRouterless(reply)) return undefined;
    const message = errorMessage(reply.text);
    if (reply.status === 400 && /not found on litellm proxy/i.test(message)) return undefined;
    if (reply.status === 404 && path.startsWith('/v2/')) return 'no such route' as const;
    throwForLitellmAnswer(reply, nameOf(access));
    return readRows(reply, nameOf(access))
      .rows.map(destinationRow)
      .find((found) => found?.id === id);
  }

  const destination: Destination = {
    async version(access, signal) {
      // Both routes are public. /openapi.json would tell too, but is 1 MB and freezes the proxy for 4 s.
      for (const path of ['/public/model_hub/info', '/health/readiness']) {
        const reply = await call({ baseUrl: access.baseUrl }, path, signal);
        if ([429, 502, 503, 504].includes(reply.status) && path !== '/health/readiness') {
          throwForStatus(reply, nameOf(access));
        }
        const version = versionIn(reply);
        if (version !== undefined) return version;
      }
      return undefined;
    },

    async list(access, signal) {
      const who = nameOf(access);
      const rows = new Map<string, DestinationRow>();
      // Sorted, because in table order a PATCH by anybody moves rows between pages.
      const pathOf = (page: number) => `/v2/model/info?page=${page}&size=${pageSize}&sortBy=model_name`;
      let promisedPages = 1;
      for (let page = 1; page <= promisedPages; page++) {
        if (page > maxPages) throw new PermanentError(`${who} lists more than ${maxPages} pages of models`);
        let reply = await call(access, pathOf(page), signal, { maxBytes: maxListBytes });
        const unpaged = page === 1 && reply.status === 404;
        if (unpaged) reply = await call(access, '/model/info', signal, { maxBytes: maxListBytes });
        if (page === 1 && isRouterless(reply)) return [];
        throwForLitellmAnswer(reply, who);
        const { rows: found, pages } = readRows(reply, who);
        if (page > 1 && found.length === 0) {
          throw new Error(
            `${who} changed its list while it was read: page ${page} of ${promisedPages} is empty`,
          );
        }
        // The first row of an id wins: rows of aliases repeat it under another name, after the row itself.
        for (const each of found.map(destinationRow)) if (each && !rows.has(each.id)) rows.set(each.id, each);
        if (unpaged) break;
        promisedPages = Math.max(promisedPages, pages);
      }
      return [...rows.values()];
    },

    async served(access, id, signal, connection) {
      const path = `/model/info?litellm_model_id=${encodeURIComponent(id)}`;
      const found = await row(access, path, id, signal, connection);
      return found === 'no such route' ? undefined : found;
    },

    async stored(access, id, signal) {
      const found = await row(access, `/v2/model/info?modelId=${encodeURIComponent(id)}`, id, signal);
      // Versions without /v2 have no look into the database: what is served is all that can be known.
      return found === 'no such route' ? destination.served(access, id, signal) : found;
    },

    async create(access, body, signal) {
      const reply = await call(access, '/model/new', signal, {
        method: 'POST',
        json: { ...body },
        secrets: secretsIn(body),
      });
      if (/was saved to the database, but/i.test(errorMessage(reply.text))) return 'created';
      if (reply.status === 500 && /Failed to add model to db/i.test(errorMessage(reply.text))) {
        return 'refused-or-exists';
      }
      expectWritten(reply, access);
      return 'created';
    },

    async patch(access, body: DeploymentBody, signal) {
      const path = `/model/${encodeURIComponent(body.model_info.id)}/update`;
      const reply = await call(access, path, signal, {
        method: 'PATCH',
        json: { ...body },
        secrets: secretsIn(body),
      });
      const message = errorMessage(reply.text);
      if (/was saved to the database, but/i.test(message)) return 'patched';
      // FastAPI's own "Not Found" is a missing route: a wrong base URL, or an id with a slash.
      if (reply.status === 404 && message !== '' && message !== 'Not Found') return 'unknown-id';
      expectWritten(reply, access);
      return 'patched';
    },

    async remove(access, id, signal) {
      const reply = await call(access, '/model/delete', signal, { method: 'POST', json: { id } });
      if (reply.status === 400 && /not found in db/i.test(errorMessage(reply.text))) {
        // Rows of config.yaml are answered the same.
        const found = await destination.served(access, id, signal);
        if (found && !found.dbModel) {
          throw new PermanentError(
            `${nameOf(access)} has this model from its config.yaml: it can be removed only there`,
          );
        }
        return 'unknown-id';
      }
      expectWritten(reply, access);
      return 'removed';
    },

    mayWrite: (access, signal) => mayWrite((path, more) => call(access, path, signal, more), nameOf(access)),
  };
  return destination;
}

/** A 200 counts only with JSON without an error in it: login pages and LiteLLM's own `PATCH /credentials` answer 200 too. */
function expectWritten(reply: HttpReply, access: DestinationAccess): void {
  const who = nameOf(access);
  throwForLitellmAnswer(reply, who);
  const body = confirmation(reply, who);
  if (isJsonObject(body) && body.error !== undefined && body.error !== null) {
    throw new Error(`${who} answered an error with status ${reply.status}`);
  }
}

/** A confirmation that breaks off may be of a write that happened: worth a look by id, not final. */
function confirmation(reply: HttpReply, who: string): Json {
  try {
    return readJson(reply, who, 'a confirmation');
  } catch (error) {
    throw new Error(messageOf(error), { cause: error });
  }
}

/** The provider's key, and whatever a person put into headers: LiteLLM's validation errors repeat their input. */
function secretsIn({ litellm_params: params }: DeploymentBody): string[] {
  const headers = isJsonObject(params['extra_headers']) ? Object.values(params['extra_headers']) : [];
  return [params['api_key'], ...headers].filter(
    (value): value is string => typeof value === 'string' && value.length >= 8,
  );
}

function versionIn(reply: HttpReply): string | undefined {
  if (reply.status !== 200) return undefined;
  try {
    const body = readJson(reply, 'LiteLLM');
    const version = isJsonObject(body) ? body.litellm_version : undefined;
    return typeof version === 'string' && /^\d+\.\d+/.test(version) ? version.slice(0, 50) : undefined;
  } catch {
    return undefined; // a page in front of LiteLLM: not told
  }
}

function nameOf({ baseUrl }: DestinationAccess): string {
  return `LiteLLM at ${redactUrl(baseUrl)}`;
}
