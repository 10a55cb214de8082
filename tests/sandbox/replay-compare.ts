import { isObject, type JsonObject } from '../../sandbox/json.js';

/** `path: what differs`, e.g. `body.data.0.model_info.mode: recorded "chat", got null`. */
export interface Difference {
  at: string;
  what: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Lists that no client of ours reads: only that they are lists counts. */
const UNREAD_LISTS = new Set(['supported_openai_params', 'success_callbacks']);
/** What a model said in a chat is the upstream's, not the proxy's. */
const CHAT_CONTENT = new Set(['id', 'created', 'choices', 'usage']);
const TIMES = new Set(['created_at', 'updated_at', 'last_updated']);
const EXPIRY = /Key Expiry time .*$/;

/**
 * Everything is compared exactly: keys, types and values at every depth. Exceptions by rule: ciphertext and the times of
 * a stored row only by their kind, ids that the proxy drew at random by their consistency, and the sets above.
 */
export class Comparison {
  private readonly drawn = new Map<string, string>();

  /** `known` is the text of all requests: an id in it was chosen by the client. */
  constructor(private readonly known: string) {}

  body(recorded: unknown, got: unknown): Difference[] {
    if (isObject(recorded) && isObject(got) && recorded['object'] === 'chat.completion') {
      return this.differences(cut(recorded), cut(got), 'body');
    }
    return this.differences(recorded, got, 'body');
  }

  private differences(recorded: unknown, got: unknown, at: string): Difference[] {
    const key = at.slice(at.lastIndexOf('.') + 1);
    if (Array.isArray(recorded) && Array.isArray(got)) {
      if (UNREAD_LISTS.has(key)) return [];
      if (recorded.length !== got.length)
        return [{ at, what: `recorded ${recorded.length} entries, got ${got.length}: ${brief(got)}` }];
      return recorded.flatMap((item, index) => this.differences(item, got[index], `${at}.${index}`));
    }
    if (isObject(recorded) && isObject(got)) {
      const keys = new Set([...Object.keys(recorded), ...Object.keys(got)]);
      return [...keys].flatMap((name) => this.member(recorded, got, name, at));
    }
    return this.sameValue(recorded, got, key) ? [] : [{ at, what: wording(recorded, got) }];
  }

  private member(recorded: JsonObject, got: JsonObject, name: string, at: string): Difference[] {
    const place = `${at}.${name}`;
    if (!(name in got)) return [{ at: place, what: `missing, recorded ${brief(recorded[name])}` }];
    if (!(name in recorded)) return [{ at: place, what: `not recorded, got ${brief(got[name])}` }];
    return this.differences(recorded[name], got[name], place);
  }

  private sameValue(recorded: unknown, got: unknown, key: string): boolean {
    if (Object.is(recorded, got)) return true;
    if (typeof recorded !== 'string' || typeof got !== 'string') return false;
    if (recorded === '<ciphertext>') return /^[\w-]{40,}=*$/.test(got);
    if (recorded === '<time>' && TIMES.has(key)) return !Number.isNaN(Date.parse(got));
    if (UUID.test(recorded) && UUID.test(got) && !this.known.includes(recorded)) {
      if (!this.drawn.has(recorded)) this.drawn.set(recorded, got);
      return this.drawn.get(recorded) === got;
    }
    return EXPIRY.test(recorded) && recorded.replace(EXPIRY, '') === got.replace(EXPIRY, '');
  }
}

function cut(chat: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(chat).filter(([key]) => !CHAT_CONTENT.has(key)));
}

function wording(recorded: unknown, got: unknown): string {
  return `recorded ${brief(recorded)}, got ${brief(got)}`;
}

function brief(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300);
}
