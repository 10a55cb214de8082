import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { normaliseBaseUrl } from '../../src/domain/base-url.js';
import type { ProviderKind } from '../../src/domain/kinds.js';
import type { ProviderAccess } from '../../src/domain/ports.js';

export interface LiveSettings {
  ollama: ProviderAccess | undefined;
  openai: ProviderAccess | undefined;
  litellm: ProviderAccess | undefined;
}

/** What tests/.env says, and nothing else: a variable of the shell must not send tests to somebody's servers. */
export function liveSettings(): LiveSettings {
  const file = fileURLToPath(new URL('../.env', import.meta.url));
  const written = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const access = (kind: ProviderKind): ProviderAccess | undefined => {
    const name = `TEST_${kind.toUpperCase()}`;
    const url = written[`${name}_URL`] ?? '';
    if (url === '') return undefined;
    const normalised = normaliseBaseUrl(kind, url);
    if ('error' in normalised) throw new Error(`tests/.env: ${name}_URL ${normalised.error}`);
    const key = written[`${name}_KEY`] ?? '';
    return { kind, baseUrl: normalised.url, ...(key !== '' && { apiKey: key }) };
  };
  return { ollama: access('ollama'), openai: access('openai'), litellm: access('litellm') };
}
