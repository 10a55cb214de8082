import ipaddr from 'ipaddr.js';
import type { ProviderKind } from './kinds.js';

export type BaseUrl = { url: string } | { error: string };

/** What people paste: the URL of a call instead of the server's. Longest first, as one ends in another. */
const callEndings = [
  '/chat/completions',
  '/completions',
  '/embeddings',
  '/api/generate',
  '/api/tags',
  '/api/show',
  '/api/chat',
  '/models',
];
const endingsByKind: Record<ProviderKind, string[]> = {
  ollama: [...callEndings, '/v1', '/api'],
  openai: callEndings,
  litellm: [...callEndings, '/model_group/info', '/model/info', '/v1', '/v2', '/ui'],
};

/** The URL as we store it: scheme, host, port and path prefix, without trailing slash. Normalising twice changes nothing. */
export function normaliseBaseUrl(kind: ProviderKind, input: string): BaseUrl {
  const url = parsed(input);
  if (url === undefined) return { error: 'this is no http:// or https:// URL' };
  if (url.username !== '' || url.password !== '') {
    return { error: 'take the user name and password out of the URL: the key has a field of its own' };
  }
  if (isForbiddenHost(url.hostname)) {
    return {
      error:
        'link-local and metadata addresses are refused: they lead to secrets of the machine, not to a model server',
    };
  }
  return { url: url.origin + strippedPath(url.pathname, endingsByKind[kind]) };
}

function parsed(input: string): URL | undefined {
  const text = input.trim();
  // `http:/host` would parse as a host named "http".
  if (text.length > 2_048 || /[\s\p{Control}]/u.test(text) || /^https?:(?!\/\/)/i.test(text))
    return undefined;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : undefined;
}

function strippedPath(path: string, endings: string[]): string {
  let rest = path.replace(/\/{2,}/g, '/');
  for (;;) {
    const before = rest.replace(/\/+$/, '');
    const ending = endings.find((candidate) => before.toLowerCase().endsWith(candidate));
    if (ending === undefined) return before;
    rest = before.slice(0, -ending.length);
  }
}

/** Where clouds keep credentials; AWS over IPv6, Alibaba, Oracle. 169.254.169.254 is link-local anyway. */
const metadataAddresses = new Set(['fd00:ec2::254', '100.100.100.200', '192.0.0.192']);
const metadataNames = new Set([
  'instance-data',
  'instance-data.ec2.internal',
  'metadata',
  'metadata.goog',
  'metadata.google.internal',
]);

/** Whether a host of a URL must not be asked. Names that resolve to such an address are the caller's to check. */
function isForbiddenHost(hostname: string): boolean {
  const host = plainHost(hostname);
  return metadataNames.has(host) || isForbiddenAddress(host);
}

/** For addresses that a name resolved to, too: link-local or a cloud's metadata service, also inside an IPv6 wrapping. */
export function isForbiddenAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return unwrapped(ipaddr.process(address)).some(
    (candidate) => candidate.range() === 'linkLocal' || metadataAddresses.has(candidate.toString()),
  );
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** The address and the IPv4 address that it may carry: NAT64 and `::a.b.c.d` in the last 32 bits, 6to4 behind the prefix. */
function unwrapped(address: Address): Address[] {
  if (!(address instanceof ipaddr.IPv6)) return [address];
  const bytes = address.toByteArray();
  const wrapsAtEnd = address.range() === 'rfc6052' || bytes.slice(0, 12).every((byte) => byte === 0);
  if (wrapsAtEnd) return [address, new ipaddr.IPv4(bytes.slice(12))];
  return address.range() === '6to4' ? [address, new ipaddr.IPv4(bytes.slice(2, 6))] : [address];
}

/** Without the brackets of IPv6 and the dot of a fully qualified name. */
function plainHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.+$/, '');
}

/** Carrier-grade NAT is Tailscale's range; 0.0.0.0 is what people copy out of OLLAMA_HOST. */
const localRanges = new Set([
  'carrierGradeNat',
  'linkLocal',
  'loopback',
  'private',
  'uniqueLocal',
  'unspecified',
]);
/** Reserved for private networks (RFC 6762, 8375, 6761, ICANN's `.internal`), or in wide use there (`.lan`). */
const localSuffixes = ['.local', '.lan', '.internal', '.home.arpa', '.localhost'];

/**
 * Whether a model server is one's own, so that its models cost nothing: loopback, private ranges, a name that only a
 * private network can know, or a single label (`ollama`, a Docker service).
 */
export function isLocalHost(url: string): boolean {
  const hostname = parsed(url)?.hostname;
  if (hostname === undefined) return false;
  const host = plainHost(hostname);
  if (ipaddr.isValid(host)) return localRanges.has(ipaddr.process(host).range());
  return !host.includes('.') || localSuffixes.some((suffix) => host.endsWith(suffix));
}

/** For messages and logs: without user name, password, query and fragment, which may hold keys. */
export function redactUrl(url: string): string {
  // What does not parse may have a slash or a question mark in its password: all before the last @ goes.
  const text = URL.canParse(url) ? url : url.replace(/^[\s\S]*@/, '');
  return text
    .replace(/[?#][\s\S]*$/, '')
    .replace(/^(\s*[a-z][a-z0-9+.-]*:)?([\\/]{2})[^\\/]*@/i, '$1$2')
    .replace(/^[^\\/]*@/, '');
}

/** The same server under two spellings, for example a provider that is the destination itself. */
export function sameEndpoint(a: string, b: string): boolean {
  const [first, second] = [endpointOf(a), endpointOf(b)];
  return first !== undefined && first === second;
}

function endpointOf(input: string): string | undefined {
  const url = parsed(redactUrl(input));
  if (url === undefined) return undefined;
  const host = plainHost(url.hostname);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const path = strippedPath(url.pathname, endingsByKind.litellm);
  return `${url.protocol}//${isLoopback(host) ? 'localhost' : host}:${port}${path}`;
}

/** 0.0.0.0 and [::] connect to this machine, too. */
function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && ['loopback', 'unspecified'].includes(ipaddr.process(host).range());
}

/** `/v1`, `/api/paas/v4`, `/v1beta`, `/v1beta/openai`. */
const versionEnding = /\/v\d+[a-z0-9]*(\/openai)?$/i;

/** Where a server may list its models, the likeliest first; the next one is for a 404 only. */
export function listUrls(kind: ProviderKind, baseUrl: string): string[] {
  if (kind === 'ollama') return [`${baseUrl}/api/tags`];
  if (kind === 'litellm') return [`${baseUrl}/v1/model/info`, `${baseUrl}/model/info`];
  if (versionEnding.test(baseUrl)) return [`${baseUrl}/models`];
  return [`${baseUrl}/v1/models`, `${baseUrl}/models`];
}

/** The URL under which `/chat/completions` answers when this list URL did. For Ollama: its root. */
export function apiRootOf(listUrl: string): string {
  if (listUrl.endsWith('/api/tags')) return listUrl.slice(0, -'/api/tags'.length);
  // LiteLLM lists without a version, but calls with one.
  const litellm = /^(.*?)(\/v\d+)?\/model\/info$/.exec(listUrl);
  if (litellm !== null) return `${litellm[1] ?? ''}/v1`;
  return listUrl.replace(/\/models$/, '');
}
