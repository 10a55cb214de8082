import type { Mark, ModelMarks } from '../../entities/overview-store.js';

interface ModelChanges {
  /** Models that are to be shown anew; some of them may be gone. */
  ids: number[];
  /** Of each provider that lost models. */
  removed: { providerId: number; count: number }[];
}

/** What the last look at the models saw, so that the next one knows what changed. */
export class ModelMemory {
  #touched = new Map<string, string>();
  #sets: Set<number>[] = [];
  #totals = new Map<number, number>();
  #newestId = 0;

  /** To be asked for in the next look. */
  get newestId(): number {
    return this.#newestId;
  }

  /** Against the look that was remembered last. */
  compare(marks: ModelMarks): ModelChanges {
    const ids = new Set<number>();
    for (const mark of marks.touched) {
      if (this.#touched.get(keyOf(mark)) !== mark.mark) ids.add(mark.id);
    }
    for (const [index, now] of setsOf(marks).entries()) {
      for (const id of differences(this.#sets[index] ?? new Set(), now)) ids.add(id);
    }
    return { ids: [...ids], removed: this.#removedSince(marks) };
  }

  remember(marks: ModelMarks): void {
    this.#touched = new Map(marks.touched.map((mark) => [keyOf(mark), mark.mark]));
    this.#sets = setsOf(marks);
    this.#totals = new Map(marks.population.map(({ providerId, total }) => [providerId, total]));
    this.#newestId = marks.population.reduce((newest, row) => Math.max(newest, row.newestId), this.#newestId);
  }

  #removedSince({ population }: ModelMarks): ModelChanges['removed'] {
    const left = new Map(population.map(({ providerId, earlier }) => [providerId, earlier]));
    return [...this.#totals].flatMap(([providerId, before]) => {
      const count = before - (left.get(providerId) ?? 0);
      return count > 0 ? [{ providerId, count }] : [];
    });
  }
}

function setsOf({ pending, failed, orphaned }: ModelMarks): Set<number>[] {
  return [pending, failed, orphaned].map((list) => new Set(list));
}

/** A model's own mark and its push's are told apart by their first word. */
function keyOf({ id, mark }: Mark): string {
  return `${mark.slice(0, mark.indexOf(' '))} ${id}`;
}

function differences(before: Set<number>, now: Set<number>): number[] {
  return [...[...now].filter((id) => !before.has(id)), ...[...before].filter((id) => !now.has(id))];
}
