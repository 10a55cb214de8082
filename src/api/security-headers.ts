import type { RequestHandler } from 'express';
import helmet from 'helmet';

type Directives = Record<string, string[]>;

/**
 * Nothing from other hosts, and nothing inline, but for what `directives` of the content security policy say. No
 * Strict-Transport-Security: plain http on a private network is the common case, and the proxy in front adds it where
 * there is TLS. Pages tell their address to us alone; told to nobody, a form would come from the origin `null`, which on
 * plain http is all that tells our own forms from another site's.
 */
export function securityHeaders(directives: Directives = {}): RequestHandler {
  return helmet({
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'same-origin' },
    contentSecurityPolicy: {
      directives: { styleSrc: ["'self'"], fontSrc: ["'self'"], upgradeInsecureRequests: null, ...directives },
    },
  });
}
