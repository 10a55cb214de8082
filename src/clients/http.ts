import http from 'node:http';
import https from 'node:https';
import { got, type PlainResponse, type Request } from 'got';
import { PermanentError, UnreachableError } from '../domain/errors.js';
import { isForbiddenAddress, redactUrl } from '../domain/base-url.js';
import type { JsonObject } from '../domain/json.js';
import { forbiddenAddressCode, guardedLookup } from './guarded-lookup.js';
import { codeOf, explainNetworkError } from './network-error.js';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH';
  url: string;
  headers?: Record<string, string>;
  json?: JsonObject;
  signal?: AbortSignal;
  /** For everything together: connecting, redirects, the last byte of the body. */
  timeoutMs: number;
  /** Of the decoded body. */
  maxBytes?: number;
  /** Secrets in the body, which no quote of the answer may repeat. */
  secrets?: string[];
  /** On a connection of its own: a balancer may then choose another replica. */
  fresh?: boolean;
  /** Sent as `Authorization: Bearer`. */
  apiKey?: string;
}

/** An answer of any status; only a missing answer, a refused redirect and a too large body throw. */
export interface HttpReply {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** The one that answered in the end, without userinfo and query: fit for a message. */
  url: string;
  /** Whether the request carried credentials. */
  keySent: boolean;
  /** The text without the credentials of this request, for quoting a foreign body. */
  redact(text: string): string;
}

export type Http = (request: HttpRequest) => Promise<HttpReply>;

/** The largest list seen is 1 MB (OpenRouter); a `/api/show` of a 70B model is 100 KB. */
const defaultMaxBytes = 20 * 1024 * 1024;
const connectTimeoutMs = 10_000;
/** Of a kept connection. Uvicorn and Node close theirs after 5 s; a request sent at that moment would be lost. */
const idleMs = 4_000;
const maxRedirects = 3;

/** From here on a secret is no word that a model list holds by itself (`none`, `ollama`, `sk-1234`). */
const longSecret = 16;

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** One for each process: it owns the keep-alive connections. It never retries: jobs do. */
export function createHttp({ userAgent = 'litellm-updater' }: { userAgent?: string } = {}): Http {
  const agents = (keepAlive: boolean) => ({
    http: new http.Agent({ keepAlive, ...(keepAlive && { timeout: idleMs }) }),
    https: new https.Agent({ keepAlive, ...(keepAlive && { timeout: idleMs }) }),
  });
  // Whatever all requests share is set here: got clones and checks every option of a single request anew.
  const kept = got.extend({
    headers: { 'user-agent': userAgent, accept: 'application/json' },
    agent: agents(true),
    throwHttpErrors: false,
    retry: { limit: 0 },
    followRedirect: false, // got would follow to another origin
    decompress: true,
    dnsLookup: guardedLookup(),
    timeout: { lookup: connectTimeoutMs, connect: connectTimeoutMs, secureConnect: connectTimeoutMs },
  });
  const single = kept.extend({ agent: agents(false) });

  const open = (request: HttpRequest, url: URL, authorization: string | undefined) =>
    (request.fresh ? single : kept).stream(url, {
      method: request.method,
      headers: { ...request.headers, ...(authorization !== undefined && { authorization }) },
      ...(request.json && { json: request.json }),
    });

  return async function request(request) {
    request.signal?.throwIfAborted();
    const { url: start, authorization, secrets } = credentialsOf(request);
    let stream: Request | undefined;
    let isStopped = false;
    const stop = () => {
      isStopped = true;
      stream?.destroy(new Error('stopped'));
    };
    request.signal?.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(stop, request.timeoutMs);
    let url = start;
    try {
      for (let redirects = 0; ; redirects++) {
        stream = open(request, url, authorization);
        if (isStopped) stop(); // between two requests
        const reply = await readReply(stream, url, request.maxBytes ?? defaultMaxBytes);
        const { location } = reply.headers;
        if (!redirectStatuses.has(reply.status) || location === undefined) {
          return {
            ...reply,
            url: redactUrl(url.href),
            keySent: authorization !== undefined,
            // A server that repeats a key may do so in a list of models, too. A short one may be a word of the list.
            text: withoutSecrets(
              reply.text,
              secrets.filter((secret) => secret.length >= longSecret),
            ),
            redact: (text) => withoutSecrets(text, secrets),
          };
        }
        url = redirectTarget(request, url, location, reply.status, redirects);
      }
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof PermanentError || error instanceof UnreachableError) throw error;
      if (codeOf(error) === forbiddenAddressCode) throw new PermanentError(forbidden(url));
      throw new UnreachableError(explainNetworkError(error, url, isStopped ? request.timeoutMs : undefined));
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', stop);
    }
  };
}

/** By events: an iterator over the stream costs more than the request itself. */
function readReply(stream: Request, url: URL, maxBytes: number) {
  return new Promise<Pick<HttpReply, 'status' | 'headers' | 'text'>>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= maxBytes) return;
      reject(
        new PermanentError(`${redactUrl(url.href)} answered more than ${megabytes(maxBytes)}: not read`),
      );
      stream.destroy();
    });
    stream.once('end', () => {
      const { statusCode: status, headers } = stream.response as PlainResponse;
      resolve({ status, headers, text: Buffer.concat(chunks).toString('utf8') });
    });
    stream.on('error', reject);
    stream.once('close', () =>
      reject(new UnreachableError(`${redactUrl(url.href)} closed the connection without a complete answer`)),
    );
  });
}

/** Userinfo of the URL becomes Basic, unless there is a key; neither stays in the URL. */
function credentialsOf({ url: text, apiKey, secrets: inBody = [] }: HttpRequest) {
  if (!URL.canParse(text))
    throw new PermanentError('the address is not a URL: it should look like http://host:8000');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new PermanentError(`the address must begin with http:// or https://, not ${url.protocol}//`);
  }
  // Node looks up no literal addresses.
  if (isForbiddenAddress(url.hostname.replace(/^\[|\]$/g, ''))) throw new PermanentError(forbidden(url));
  const [username, password] = [decode(url.username), decode(url.password)];
  url.username = '';
  url.password = '';
  const secrets = [apiKey?.trim(), password, ...inBody].filter(
    (secret) => secret !== undefined && secret !== '',
  ) as string[];
  let authorization: string | undefined;
  if (apiKey !== undefined && apiKey.trim() !== '') {
    // Node's own complaint about such a header would be a riddle.
    if (/[^\x21-\x7e]/.test(apiKey.trim())) {
      throw new PermanentError(
        'the API key contains a blank, a line break or a non-ASCII character: enter it again',
      );
    }
    authorization = `Bearer ${apiKey.trim()}`;
  } else if (username !== '' || password !== '') {
    authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  return { url, authorization, secrets };
}

/** In clear and as JSON, a URL and base64 would write them. */
function withoutSecrets(text: string, secrets: string[]): string {
  const forms = secrets.flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ]);
  return [...new Set(forms)].reduce((redacted, form) => redacted.replaceAll(form, '***'), text);
}

/** Credentials must never reach another origin, and a login page is no model list: only the same origin is followed. */
function redirectTarget(
  request: HttpRequest,
  from: URL,
  location: string,
  status: number,
  redirects: number,
): URL {
  const here = redactUrl(from.href);
  if (!URL.canParse(location, from.href)) {
    throw new PermanentError(`${here} redirects (${status}) to an address that is not one`);
  }
  const target = new URL(location, from);
  target.username = '';
  target.password = '';
  const there = redactUrl(target.href);
  if (target.origin !== from.origin) {
    throw new PermanentError(
      `${here} redirects (${status}) to another server, ${there}, which is not followed. ` +
        'Is it a login page, or http instead of https? Enter the final address as base URL',
    );
  }
  if (request.method !== 'GET' && status !== 307 && status !== 308) {
    throw new PermanentError(
      `${here} redirects (${status}) a ${request.method} to ${there}: correct the base URL`,
    );
  }
  if (redirects >= maxRedirects) {
    throw new PermanentError(`${here} redirects more than ${maxRedirects} times: is the base URL right?`);
  }
  return target;
}

function forbidden({ hostname }: URL): string {
  return `${hostname} is a link-local or metadata address, which is never asked: it is no model server`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function megabytes(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.round(bytes / 1024 / 1024)} MB` : `${bytes} bytes`;
}
