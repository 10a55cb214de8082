import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import type { Keys } from './keys.js';

const everyMs = 3;

/** One place to look: LiteLLM's database, or what one replica serves. */
interface View {
  keys: () => Set<string>;
  seen: Set<string>;
  excused: Set<string>;
}

/**
 * Looks all the time at what LiteLLM has and at what each replica serves, so that a gap of a few milliseconds is seen as well.
 * A replica that forgets what the database lost before, a poll later, is not told a second time.
 */
export class Watch {
  /** A PATCH of ours may leave a replica without any model for a moment: people chose so on an old LiteLLM. */
  patchesMayGap = false;
  private readonly table: View;
  private readonly replicas: View[];
  private readonly vanished = new Set<string>();
  private readonly timer: NodeJS.Timeout;
  private excuses = 0;
  private writesSeen = 0;

  constructor(
    private readonly litellm: LitellmStandIn,
    private readonly keys: Keys,
    replicas: number,
  ) {
    this.table = this.view(() => litellm.rows().map((row) => row.model_id));
    this.replicas = Array.from({ length: replicas }, (_none, replica) =>
      this.view(() => litellm.served(replica).map((row) => row.model_info['id'])),
    );
    this.timer = setInterval(() => this.look(), everyMs).unref();
  }

  look(): void {
    const news = this.litellm.writes.slice(this.writesSeen);
    this.writesSeen += news.length;
    const gap = this.patchesMayGap && news.some(({ method }) => method.startsWith('PATCH'));
    this.compare(this.table, false, () => true);
    for (const replica of this.replicas) this.compare(replica, gap, (key) => this.table.seen.has(key));
  }

  /** Somebody else's doing: what vanishes during the act may be gone until it is served again. */
  async excuse<T>(act: () => Promise<T> | T): Promise<T> {
    this.look();
    this.excuses += 1;
    try {
      return await act();
    } finally {
      this.look();
      this.excuses -= 1;
    }
  }

  /** What vanished since the last call, and no excuse was known. */
  takeVanished(): string[] {
    this.look();
    const keys = [...this.vanished];
    this.vanished.clear();
    return keys;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private compare(view: View, gap: boolean, counts: (key: string) => boolean): void {
    const now = view.keys();
    const excused = gap || this.excuses > 0;
    for (const key of view.seen) {
      if (now.has(key)) continue;
      if (excused) view.excused.add(key);
      else if (!view.excused.has(key) && counts(key)) this.vanished.add(key);
    }
    for (const key of now) if (!excused) view.excused.delete(key);
    view.seen = now;
  }

  private view(ids: () => unknown[]): View {
    const keys = () => new Set(ids().flatMap((id) => this.keys.of(id) ?? []));
    return { keys, seen: new Set(), excused: new Set() };
  }
}
