import { jsonFault } from './json-fault.js';

/** What Express's body parsers throw: http-errors with a `type`, or zlib's error with its code. */
interface BodyError {
  status?: unknown;
  type?: unknown;
  code?: unknown;
  /** Of `entity.parse.failed`: the whole text, keys and all. */
  body?: unknown;
  limit?: unknown;
}

/**
 * What is wrong with a body that could not be read, and what to do; undefined for other errors. The parsers' own words
 * quote the body, which may hold keys.
 */
export function bodyMistake(error: unknown): string | undefined {
  const { status, type, code, body, limit } = (error ?? {}) as BodyError;
  switch (type) {
    case 'entity.parse.failed':
      return typeof body === 'string' ? mistakeOfJson(body) : 'the body cannot be read';
    case 'charset.unsupported':
      return 'the charset of the body is not read here; send the body as UTF-8';
    case 'encoding.unsupported':
      return 'the Content-Encoding of the body is not read here; send the body plain, or as gzip, deflate or br';
    case 'entity.too.large':
      return `the body is larger than the ${String(limit)} bytes that are read here; send less at once`;
    case 'request.size.invalid':
      return 'the body is not as long as its Content-Length says; send it again';
    case 'parameters.too.many':
      return 'the form has more fields than are read here; send less at once';
    default:
      // zlib's codes: Z_DATA_ERROR, Z_BUF_ERROR, ERR__ERROR_FORMAT_… of brotli.
      return status === 400 && typeof code === 'string' && /^(Z_|ERR_+(ERROR|BROTLI|ZSTD))/.test(code)
        ? 'the body is not packed as its Content-Encoding says, or it breaks off; send it plain, or pack it anew'
        : undefined;
  }
}

export const emptyBody = 'the body is empty; send a JSON object, {} if there is nothing to say';

function mistakeOfJson(text: string): string {
  if (text.trim() === '') return emptyBody;
  // The parsers take objects and lists only.
  return isJson(text)
    ? 'the body is JSON, but no object; send {"name": value, …}'
    : `the body is no JSON: ${jsonFault(text)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
