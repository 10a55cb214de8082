import { PermanentError, RateLimitedError, UnreachableError } from '../domain/errors.js';
import { isJsonObject, type Json } from '../domain/json.js';
import type { HttpReply } from './http.js';
import { retryAfterMs } from './retry-after.js';

/**
 * The JSON of an answer. Throws `PermanentError` for everything else, without quoting it: a foreign page may hold anything.
 * `who` begins the sentence, e.g. `Ollama at http://host:11434`.
 */
export function readJson(reply: HttpReply, who: string, what = 'a model list'): Json {
  const text = strip(reply.text);
  const kind = `${contentType(reply)}, ${reply.status}`;
  if (text === '') throw new PermanentError(`${who} answered nothing instead of ${what} (${kind})`);
  if (text.startsWith('<')) {
    throw new PermanentError(
      `${who} answered HTML instead of ${what} (${kind}) – is this the right URL? Asked was ${reply.url}`,
    );
  }
  const value = parse(text);
  if (value !== undefined) return value;
  if (isStream(text)) {
    throw new PermanentError(
      `${who} answered a stream instead of ${what} (${kind}) – is this the right URL?`,
    );
  }
  const broken =
    text.startsWith('{') || text.startsWith('[') ? 'JSON that breaks off or is malformed' : 'plain text';
  throw new PermanentError(
    `${who} answered ${broken} instead of ${what} (${kind}, ${text.length} characters)` +
      (broken === 'plain text' ? ' – is this the right URL?' : ''),
  );
}

/** Returns for 2xx, else throws what the status means for a retry (see `domain/errors.ts`). */
export function throwForStatus(reply: HttpReply, who: string): void {
  const { status } = reply;
  if (status >= 200 && status < 300) return;
  const quoted = quote(reply);
  const said = quoted === '' ? '' : `: ${quoted}`;
  if (status === 401) {
    // Own words only: such texts repeat parts of the key (OpenAI) or its hash (LiteLLM).
    throw new PermanentError(`${who} ${reply.keySent ? 'refused the API key' : 'wants an API key'} (401)`);
  }
  if (status === 403) {
    // Ollama's Host check since 0.1.29: bound to loopback and asked by another name, it answers an empty 403.
    const hint =
      reply.text.trim() === ''
        ? '. If it is Ollama: it listens on localhost only and refuses other host names, start it with OLLAMA_HOST=0.0.0.0'
        : said;
    throw new PermanentError(`${who} refused access (403)${hint}`);
  }
  if (status === 404)
    throw new PermanentError(`${who} does not know ${reply.url} (404)${said} – is this the right URL?`);
  if (status === 429) {
    const waitMs = retryAfterMs(reply.headers['retry-after']);
    throw new RateLimitedError(`${who} asks to wait ${Math.ceil(waitMs / 1000)} s (429)${said}`, waitMs);
  }
  // llama.cpp says "Loading model" on every route until the model is in memory.
  if (status === 503 && (reply.headers['retry-after'] !== undefined || /loading model/i.test(reply.text))) {
    throw new RateLimitedError(`${who} is starting (503)${said}`, retryAfterMs(reply.headers['retry-after']));
  }
  if (gatewayStatuses.has(status))
    throw new UnreachableError(`${who} is not there behind its gateway (${status})${said}`);
  if (status === 408) throw new UnreachableError(`${who} gave up waiting for the request (408)${said}`);
  if (status >= 500) throw new Error(`${who} failed (${status})${said}`);
  throw new PermanentError(`${who} refused the request (${status})${said}`);
}

/** 520 to 524 and 530 are Cloudflare's words for an origin that is down. */
const gatewayStatuses = new Set([502, 503, 504, 520, 521, 522, 523, 524, 530]);

/** The message of a JSON error, cut and without secrets; empty for any other body. */
export function quote(reply: HttpReply): string {
  return quoteText(reply, errorMessage(reply.text));
}

/** `text`, which may quote the body of `reply`, as part of a message. */
export function quoteText(reply: HttpReply, text: string): string {
  return shorten(reply.redact(text));
}

/** Cuts a foreign message to one line of 200 characters, without what looks like a key or the hash of one. */
export function shorten(message: string): string {
  const line = message
    .replace(/\bsk-[\w.*-]+/g, 'sk-***')
    .replace(/\b[0-9a-f]{64}\b/gi, '***')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}

/**
 * What the known shapes of a JSON error say: `{error: "…"}`, `{error: {message}}`, FastAPI's `{detail: string | object | array}`,
 * `{message}`. The `input` of FastAPI's validation is left out: it repeats what was sent, keys included.
 */
export function errorMessage(text: string): string {
  const body = parse(strip(text));
  return isJsonObject(body)
    ? (messageIn(body.error) ?? messageIn(body.detail) ?? messageIn(body.message) ?? '')
    : '';
}

function messageIn(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    const lines = value.filter(isJsonObject).map((item) => {
      const place = Array.isArray(item.loc)
        ? item.loc
            .filter((part) => part !== 'body')
            .map(String)
            .join('.')
        : '';
      return `${place === '' ? '' : `${place}: `}${typeof item.msg === 'string' ? item.msg : 'invalid'}`;
    });
    return lines.length > 0 ? lines.join('; ') : undefined;
  }
  if (isJsonObject(value)) return messageIn(value.message) ?? messageIn(value.error);
  return undefined;
}

/** Without a byte order mark, and without the SSE comments that OpenRouter sends to keep a connection open. */
function strip(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/^(?:\s*:[^\n]*(?:\n|$))+/, '')
    .trim();
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function isStream(text: string): boolean {
  const [first = '', ...rest] = text.split('\n', 2);
  return text.startsWith('data:') || (rest.length > 0 && parse(first) !== undefined);
}

/** Without parameters, and only if it looks like one. */
function contentType({ headers }: HttpReply): string {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'no content type';
}
