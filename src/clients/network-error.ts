import { redactUrl } from '../domain/base-url.js';

/** What a person can do about a request that got no answer. Names the code, never got's or Node's own text. */
export function explainNetworkError(error: unknown, url: URL, timedOutMs?: number): string {
  const where = redactUrl(url.href);
  if (timedOutMs !== undefined) {
    return `${where} gave no complete answer within ${timedOutMs / 1000} s: is the server overloaded or starting?`;
  }
  const code = codeOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return isLoopback(url.hostname)
        ? `${where} refused the connection: is the server running? ` +
            `From inside a container use ${url.protocol}//host.docker.internal:${portOf(url)}`
        : `${where} refused the connection: is the server running, listening on this address, and the port right?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${url.hostname} is not known here (${code}): check the spelling, or use an IP address`;
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return `${where} dropped the connection before the answer was complete (${code})`;
    case 'ETIMEDOUT':
      return `${where} did not accept the connection in time: check the address and the firewall`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no way to ${where} from here (${code}): check the address and the network`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return (
        `the certificate of ${where} comes from an authority that is not trusted here (${code}): ` +
        'name its CA file in NODE_EXTRA_CA_CERTS, or use http'
      );
    case 'CERT_HAS_EXPIRED':
      return `the certificate of ${where} has expired`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${where} is for another host name`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `${where} does not speak TLS: try http:// instead of https://`;
    default:
      if (code?.startsWith('HPE_')) {
        return `${where} does not answer in HTTP (${code}): wrong port, or https:// needed?`;
      }
      if (code?.startsWith('Z_') || code?.startsWith('ERR_BROTLI') || code?.startsWith('ERR__ERROR_')) {
        return `the compressed answer of ${where} is damaged (${code})`;
      }
      return `no answer from ${where} (${code ?? 'unknown error'})`;
  }
}

/** got keeps Node's code, and where it put its own, Node's error is the cause. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && code !== 'ERR_GOT_REQUEST_ERROR' && code !== 'ERR_READING_RESPONSE_STREAM')
    return code;
  return codeOf(error.cause) ?? code;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.') || hostname === '0.0.0.0'
  );
}

function portOf(url: URL): string {
  return url.port !== '' ? url.port : url.protocol === 'https:' ? '443' : '80';
}
