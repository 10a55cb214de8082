import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from './json.js';

/**
 * `sha256:…` of a cleaned listing. Equal fingerprints spare the detail call, so everything that differs between two calls
 * of an unchanged server (`created`, `permission`, `stats`, the order of sets) must be gone before: see `clean-payload.ts`.
 */
export function listingFingerprint(cleanListing: JsonObject): string {
  return `sha256:${createHash('sha256').update(canonicalJson(cleanListing)).digest('hex')}`;
}
