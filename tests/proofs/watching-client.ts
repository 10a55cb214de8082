import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { pause } from '../../sandbox/pause.js';

/** Between two requests of one loop; listing and chatting are loops of their own, for each replica. */
const everyMs = 2;

export interface Watched {
  lists: number;
  chats: number;
  /** One entry for each list that lacked models: how many it lacked. */
  shortLists: number[];
  /** What failed requests were answered. */
  failed: string[];
  /** Of the time between two lists of one loop. */
  medianMs: number;
}

/**
 * A client that lists LiteLLM's models and chats with them without end, at every replica at the same time. `talkTo` says
 * with which model the next chat is.
 */
export function watch(
  litellm: LitellmStandIn,
  { names, replicas, talkTo }: { names: string[]; replicas: number; talkTo: () => string },
): { stop(): Promise<void>; seen(): Watched } {
  const seen = { lists: 0, chats: 0, shortLists: [] as number[], failed: [] as string[] };
  const betweenMs: number[] = [];
  let going = true;
  const headersOf = (replica: number) => ({
    authorization: `Bearer ${litellm.masterKey}`,
    'content-type': 'application/json',
    'x-sandbox-replica': String(replica),
  });

  /** The body of a good answer; what else comes is noted. */
  async function ask(replica: number, path: string, body?: unknown): Promise<string | undefined> {
    const more = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    try {
      const reply = await fetch(litellm.url + path, { headers: headersOf(replica), ...more });
      const text = await reply.text();
      if (reply.status === 200) return text;
      seen.failed.push(`${path} ${reply.status}: ${text}`);
    } catch (error) {
      seen.failed.push(`${path}: ${String(error)}`);
    }
    return undefined;
  }

  async function list(replica: number): Promise<void> {
    let before = performance.now();
    while (going) {
      const text = await ask(replica, '/v1/models');
      const { data } = JSON.parse(text ?? '{"data":[]}') as { data: { id: string }[] };
      const listed = new Set(data.map(({ id }) => id));
      const lacking = names.filter((name) => !listed.has(name)).length;
      if (lacking > 0) seen.shortLists.push(lacking);
      seen.lists += 1;
      betweenMs.push(performance.now() - before);
      before = performance.now();
      await pause(everyMs);
    }
  }

  async function chat(replica: number): Promise<void> {
    while (going) {
      const messages = [{ role: 'user', content: 'hello' }];
      await ask(replica, '/v1/chat/completions', { model: talkTo(), messages });
      seen.chats += 1;
      await pause(everyMs);
    }
  }

  const loops = Array.from({ length: replicas }, (_none, replica) => [list(replica), chat(replica)]).flat();
  return {
    async stop() {
      going = false;
      await Promise.all(loops);
    },
    seen() {
      const sorted = [...betweenMs].sort((a, b) => a - b);
      return { ...seen, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0 };
    },
  };
}
