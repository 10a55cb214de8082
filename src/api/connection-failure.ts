import { redactUrl } from '../domain/base-url.js';
import { messageOf, PermanentError, RateLimitedError, UnreachableError } from '../domain/errors.js';
import { OutOfPatience } from './patience.js';

export const errorTypes = [
  'validation_error',
  'connection_error',
  'timeout_error',
  'http_error',
  'unknown_error',
] as const;
type ErrorType = (typeof errorTypes)[number];

export interface ConnectionFailure {
  error_type: ErrorType;
  message: string;
  suggestion?: string;
}

/** What a call to a server that a person named went wrong with; no word of the server's own answer is in it. */
export function explainFailure(error: unknown, baseUrl: string): ConnectionFailure {
  const type = typeOf(error);
  if (type === 'unknown_error')
    return { error_type: type, message: 'the test failed here; the log says why' };
  const message = withoutQuote(messageOf(error), baseUrl);
  const suggestion = suggestionFor(message, baseUrl);
  return { error_type: type, message, ...(suggestion !== undefined && { suggestion }) };
}

function typeOf(error: unknown): ErrorType {
  if (error instanceof OutOfPatience) return 'timeout_error';
  if (error instanceof UnreachableError) return 'connection_error';
  if (error instanceof PermanentError || error instanceof RateLimitedError) return 'http_error';
  // The clients' plain errors are answers of 500 and more; anything else is a fault of ours.
  return error instanceof Error && error.constructor === Error ? 'http_error' : 'unknown_error';
}

/**
 * The clients quote a server's own error, which helps whoever runs it. Here anybody's address can be asked, and its answer
 * must not be read through us (scenario S3).
 */
function withoutQuote(message: string, baseUrl: string): string {
  const where = ` at ${redactUrl(baseUrl)}: `;
  const at = message.indexOf(where);
  if (at >= 0) return `${message.slice(0, at + where.length - 2)} answered something else than a model list`;
  return message
    .replace(/(answered no list of models): [\s\S]*$/, '$1')
    .replace(/(\(\d{3}\)): ([\s\S]*)$/, (whole, status: string, rest: string) =>
      ownAdvice.has(rest) ? whole : status,
    );
}

/** What the LiteLLM client itself says after a status; word for word, so that no server can speak through it. */
const ownAdvice = new Set([
  'use the master key, or a key of a user with the role proxy_admin',
  'the key must be the master key, or belong to a user with the role proxy_admin',
  'add /model/* and /v2/model/info to its allowed_routes',
  'models come back when it does',
]);

/** By the clients' own words; the tests hold every pair together. */
const suggestions: [RegExp, string][] = [
  [/wants an API key/, 'enter the API key of this server'],
  [/refused the API key/, 'the key is wrong or has expired: enter it again, or make a new one'],
  [/answered HTML/, 'this is a web page, not an API: is the port right, and the path?'],
  [/does not know .* \(404\)/, 'check the path of the URL, and the type'],
  [/something else than|no list of models|instead of a model list/, 'check the port, the path and the type'],
  [/does not speak TLS/, 'begin the URL with http:// instead of https://'],
  [/certificate/, 'name the CA in NODE_EXTRA_CA_CERTS, or use the host name of the certificate'],
  [/refused access/, 'the server is there, but does not let this address or key in'],
  [/redirects/, 'enter the final address as base URL'],
  [/host name .* is not known/, 'check the spelling of the host name, or use an IP address'],
  [/refused the connection/, 'is the server running, and the port right?'],
  [/failed \(5\d\d\)/, 'the server has a fault of its own, or its database has: its log says which'],
  [/asks to wait|is starting/, 'wait a moment and test again'],
  [/gave no complete answer|in time/, 'is the server overloaded or starting, or a firewall between?'],
];

function suggestionFor(message: string, baseUrl: string): string | undefined {
  const known = suggestions.find(([words]) => words.test(message))?.[1];
  if (known !== undefined) return known;
  // What TLS servers do to a request in clear: 400, or the line goes dead.
  const maybeTls = /refused the request \(400\)|dropped the connection|not answer in HTTP|without a complete/;
  return baseUrl.startsWith('http:') && maybeTls.test(message)
    ? 'if the server wants TLS, begin the URL with https://'
    : undefined;
}
