export interface PollerOptions {
  /** From a wake-up to the look, so that one look serves many. */
  wakeMs: number;
  /** Between looks that nobody asked for. */
  idleMs: number;
  look: () => Promise<void>;
  failed: (error: unknown) => void;
}

/** A look may take this part of the time at most, however often it is asked for. */
const leastRestPerLook = 10;

/** Looks again and again: every now and then by itself, and soon after a wake-up; never two at once. */
export class Poller {
  readonly #options: PollerOptions;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;
  #notBeforeMs = 0;
  #underway: Promise<void> | undefined;
  /** Woken while it looked: what woke it may not have been seen. */
  #isWoken = false;
  #isStopped = false;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  wake(): void {
    if (this.#underway === undefined) this.#schedule(this.#options.wakeMs);
    else this.#isWoken = true;
  }

  /** Resolves after a look that ended after this call; rejects when it failed. */
  async now(): Promise<void> {
    this.#underway ??= this.#look().finally(() => {
      this.#underway = undefined;
      this.#schedule(this.#isWoken ? this.#options.wakeMs : this.#options.idleMs);
      this.#isWoken = false;
    });
    return this.#underway;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const startedMs = performance.now();
    try {
      await this.#options.look();
    } finally {
      const endedMs = performance.now();
      this.#notBeforeMs = endedMs + leastRestPerLook * (endedMs - startedMs);
    }
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    const dueMs = Math.max(performance.now() + delayMs, this.#notBeforeMs);
    if (this.#dueMs <= dueMs) return;
    this.#dueMs = dueMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#dueMs = Infinity;
      this.now().catch(this.#options.failed);
    }, dueMs - performance.now());
    this.#timer.unref();
  }
}
