import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';

const everyMs = 3;

/** `<provider uuid>/<model id>`: names a model through renames, prefixes and generations. */
export function keyOf(provider: unknown, model: unknown): string {
  return `${String(provider)}/${String(model)}`;
}

/** The model that a row of ours at LiteLLM stands for; undefined for everybody else's row. */
export function keyOfRow(modelInfo: Record<string, unknown>, instance: string): string | undefined {
  const marker = modelInfo['litellm_updater'];
  if (typeof marker !== 'object' || marker === null) return undefined;
  const { instance: whose, provider, model } = marker as Record<string, unknown>;
  return whose === instance ? keyOf(provider, model) : undefined;
}

/** Looks all the time at what LiteLLM serves, so that a gap of a few milliseconds is seen as well. */
export class Watch {
  private served = new Set<string>();
  private vanished = new Set<string>();
  private readonly excused = new Set<string>();
  private excuses = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly litellm: LitellmStandIn,
    private readonly instance: string,
  ) {
    this.timer = setInterval(() => this.look(), everyMs).unref();
  }

  look(): void {
    const now = new Set<string>();
    for (const { model_info: info } of this.litellm.served()) {
      const key = keyOfRow(info, this.instance);
      if (key !== undefined) now.add(key);
    }
    for (const key of this.served) {
      if (now.has(key)) continue;
      if (this.excuses > 0) this.excused.add(key);
      else if (!this.excused.has(key)) this.vanished.add(key);
    }
    for (const key of now) if (this.excuses === 0) this.excused.delete(key);
    this.served = now;
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
}
