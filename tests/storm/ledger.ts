import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { deploymentId } from '../../src/domain/deployment-body.js';
import { keyOf } from './watch.js';

/** A change costs at most this: a replacement creates one row and deletes one. */
const dearest = 2;

const generations = 400;

/** Every write that reached LiteLLM, against the changes that explain one. */
export class Ledger {
  private readonly allowed = new Map<string, number>();
  private readonly written = new Map<string, number>();
  private readonly keys = new Map<string, string>();
  private readonly others: string[] = [];
  private read = 0;
  total = 0;

  constructor(
    private readonly litellm: LitellmStandIn,
    private readonly instance: string,
  ) {}

  /** Makes the ids of this model known. */
  know(provider: string, model: string): void {
    for (let generation = 0; generation < generations; generation += 1) {
      const identity = { instanceId: this.instance, providerUuid: provider, modelId: model, generation };
      this.keys.set(deploymentId(identity), keyOf(provider, model));
    }
  }

  change(key: string): void {
    this.allowed.set(key, (this.allowed.get(key) ?? 0) + dearest);
  }

  /** A write of somebody else's that reaches LiteLLM now. */
  foreign(method: string, id: string): void {
    this.others.push(`${method} ${id}`);
  }

  /** In words, the writes that no change explains. */
  unexplained(): string[] {
    const found: string[] = [];
    for (const { method, id } of this.litellm.writes.slice(this.read)) {
      this.read += 1;
      const other = this.others.indexOf(`${method} ${id}`);
      if (other >= 0) {
        this.others.splice(other, 1);
        continue;
      }
      this.total += 1;
      const key = this.keys.get(id);
      if (key === undefined) found.push(`${method} of ${id}, which is no row of ours`);
      else this.written.set(key, (this.written.get(key) ?? 0) + 1);
    }
    for (const [key, count] of this.written) {
      const most = this.allowed.get(key) ?? 0;
      if (count > most) found.push(`${count} writes for ${key}, whose changes explain ${most}`);
    }
    return found;
  }
}
