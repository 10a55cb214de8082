import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import type { Keys } from './keys.js';

/** A change costs at most this: a replacement creates one row and deletes one. */
const dearest = 2;

/** Every write that reached LiteLLM, against the changes that explain one. */
export class Ledger {
  private readonly allowed = new Map<string, number>();
  private readonly written = new Map<string, number>();
  private readonly others: string[] = [];
  /** Times in which LiteLLM shows nothing that is written, so that an attempt is given up and made again. */
  private readonly blindTimes: { from: number; to: number }[] = [];
  private readonly created = new Set<string>();
  private read = 0;
  total = 0;

  constructor(
    private readonly litellm: LitellmStandIn,
    private readonly keys: Keys,
  ) {}

  change(key: string, writes = dearest): void {
    this.allowed.set(key, (this.allowed.get(key) ?? 0) + writes);
  }

  /** A write of somebody else's that reaches LiteLLM now. */
  foreign(method: string, id: string): void {
    this.others.push(`${method} ${id}`);
  }

  /** From now on, and until the returned function is called, nothing that is written is seen served. */
  beginBlind(): () => void {
    const time = { from: Date.now(), to: Infinity };
    this.blindTimes.push(time);
    return () => void (time.to = Date.now());
  }

  /** In words, the writes that no change explains. */
  unexplained(): string[] {
    const found: string[] = [];
    for (const { method, id, at } of this.litellm.writes.slice(this.read)) {
      this.read += 1;
      const other = this.others.indexOf(`${method} ${id}`);
      if (other >= 0) {
        this.others.splice(other, 1);
        continue;
      }
      this.total += 1;
      const key = this.keys.of(id);
      if (key === undefined) found.push(`${method} of ${id}, which is no row of ours`);
      else this.written.set(key, (this.written.get(key) ?? 0) + this.cost(method, id, at));
    }
    for (const [key, count] of this.written) {
      const most = this.allowed.get(key) ?? 0;
      if (count > most) found.push(`${count} writes for ${key}, whose changes explain ${most}`);
    }
    return found;
  }

  /** What is given up because it was not seen takes its creation back; what is patched then is patched again. */
  private cost(method: string, id: string, at: number): number {
    const isBlind = this.blindTimes.some(({ from, to }) => from <= at && at <= to);
    if (method.endsWith('/new')) this.created.add(id);
    else if (isBlind) return method.endsWith('/delete') && this.created.delete(id) ? -1 : 0;
    return 1;
  }
}
