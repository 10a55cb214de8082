export type RequestKind = 'read' | 'write' | 'other';

/** Counts arrivals, also of requests that a fault or a wrong key ended. */
export class Counters {
  reads = 0;
  writes = 0;
  private readonly byRoute = new Map<string, number>();

  count(route: string, kind: RequestKind): void {
    if (kind === 'read') this.reads += 1;
    if (kind === 'write') this.writes += 1;
    this.bump(route);
  }

  bump(key: string): void {
    this.byRoute.set(key, this.get(key) + 1);
  }

  /** `key` is "METHOD /path/:template", e.g. `POST /model/new` or `PATCH /model/:id/update`. */
  get(key: string): number {
    return this.byRoute.get(key) ?? 0;
  }

  all(): Record<string, number> {
    return Object.fromEntries([...this.byRoute].sort(([a], [b]) => a.localeCompare(b)));
  }

  reset(): void {
    this.reads = 0;
    this.writes = 0;
    this.byRoute.clear();
  }
}
