import type { Mark, ModelMarks } from '../../entities/overview-store.js';
import type { ApiServices } from '../define-route.js';
import { viewDestinationState } from '../destination-state.js';
import { viewModel } from '../model-view.js';
import { viewProvider } from '../provider-view.js';
import { viewRun, type RunView } from '../run-view.js';
import type { LiveEvent, LiveRun } from './live-event.js';
import { ModelMemory } from './model-memory.js';

/** More are told as a number. */
const modelsOneByOne = 200;

/** Times are taken before a write waits for its lock, at most 30 s: a row may appear with a time that is so long past. */
const overlapMs = 35_000;

/** Of each list of a run; a stream is no place for ten thousand names. */
const listLength = 100;

const unfinished = new Set(['waiting', 'running', 'held']);

type Services = Pick<ApiServices, 'stores' | 'now'>;
type Tell = (event: LiveEvent) => void;

/** Tells what changed in the database since it looked last. The first look tells nothing. */
export class DatabaseWatch {
  readonly #models = new ModelMemory();
  #marker: string | undefined;
  #newestRunId: number | undefined;
  /** Runs that may still change, with what was told of them. */
  #runs = new Map<number, { mark: string; view: LiveRun }>();
  #providers = new Map<number, string>();
  #destination = '';
  #lookedAtMs: number;

  constructor(
    private readonly services: Services,
    private readonly tell: Tell,
  ) {
    this.#lookedAtMs = services.now().getTime();
  }

  /** Open and held, as the stream has told them so far. */
  runs(): LiveRun[] {
    return [...this.#runs.values()].map(({ view }) => view).filter(({ state }) => unfinished.has(state));
  }

  /** Each part is told as soon as it is known: a part that fails is looked at again, the others are not told twice. */
  async look(): Promise<void> {
    // Before everything else: what is written during the look is looked at again.
    const marker = await this.services.stores.overview.changeMarker();
    if (marker === this.#marker) return;
    const tell = this.#marker === undefined ? () => undefined : this.tell;
    await this.#lookAtRuns(tell);
    await this.#lookAtProviders(tell);
    await this.#lookAtDestination(tell);
    await this.#lookAtModels(tell);
    this.#marker = marker;
  }

  async #lookAtRuns(tell: Tell): Promise<void> {
    const { overview, runs } = this.services.stores;
    this.#newestRunId ??= await overview.newestRunId();
    const marks = await overview.runMarks(this.#newestRunId, [...this.#runs.keys()]);
    const changed = marks.filter(({ id, mark }) => this.#runs.get(id)?.mark !== mark);
    const rows = await Promise.all(changed.map(({ id }) => runs.byId(id)));
    const views = rows.filter((row) => row !== null).map(viewRun);
    this.#newestRunId = marks.reduce((newest, { id }) => Math.max(newest, id), this.#newestRunId);
    this.#forget(this.#runs, marks);
    const markOf = new Map(changed.map(({ id, mark }) => [id, mark]));
    for (const view of views.map(cutLists)) {
      const mayChange = unfinished.has(view.state) || view.outcome.pushes.pending > 0;
      if (mayChange) this.#runs.set(view.id, { mark: markOf.get(view.id) ?? '', view });
      else this.#runs.delete(view.id);
      tell({ name: 'run', data: view });
    }
  }

  async #lookAtProviders(tell: Tell): Promise<void> {
    const { overview, providers } = this.services.stores;
    const marks = await overview.providerMarks();
    const changed = marks.filter(({ id, mark }) => this.#providers.get(id) !== mark);
    const rows = await Promise.all(changed.map(({ id }) => providers.byId(id)));
    for (const id of this.#forget(this.#providers, marks)) tell({ name: 'provider-removed', data: { id } });
    for (const { id, mark } of changed) this.#providers.set(id, mark);
    for (const row of rows) if (row !== null) tell({ name: 'provider', data: viewProvider(row) });
  }

  async #lookAtDestination(tell: Tell): Promise<void> {
    const view = viewDestinationState(await this.services.stores.settings.get());
    const mark = JSON.stringify(view);
    if (mark === this.#destination) return;
    this.#destination = mark;
    tell({ name: 'destination', data: view });
  }

  async #lookAtModels(tell: Tell): Promise<void> {
    const nowMs = this.services.now().getTime();
    const since = new Date(Math.min(this.#lookedAtMs, nowMs) - overlapMs).toISOString();
    const marks = await this.services.stores.overview.modelMarks(since, this.#models.newestId);
    const events = this.#marker === undefined ? [] : await this.#modelEvents(marks, nowMs);
    this.#lookedAtMs = nowMs;
    this.#models.remember(marks);
    for (const event of events) tell(event);
  }

  async #modelEvents(marks: ModelMarks, nowMs: number): Promise<LiveEvent[]> {
    const { ids, removed } = this.#models.compare(marks);
    const events = removed.map(({ providerId, count }): LiveEvent => ({
      name: 'models',
      data: { provider_id: providerId, count },
    }));
    if (ids.length > modelsOneByOne) {
      const [only, ...others] = await this.services.stores.overview.providersOf(ids);
      const providerId = only !== undefined && others.length === 0 ? only : null;
      events.push({ name: 'models', data: { provider_id: providerId, count: ids.length } });
    } else if (ids.length > 0) {
      for (const view of await this.#viewsOf(ids, nowMs)) events.push({ name: 'model', data: view });
    }
    return events;
  }

  async #viewsOf(ids: number[], nowMs: number) {
    const { models, deployments, providers, settings: stored } = this.services.stores;
    const [rows, byModel, all, settings] = await Promise.all([
      models.matching({ ids }),
      deployments.forModels(ids),
      providers.list(),
      stored.get(),
    ]);
    const byId = new Map(all.map((provider) => [provider.id, provider]));
    return rows.flatMap((model) => {
      const provider = byId.get(model.providerId);
      const deployment = byModel.get(model.id);
      return provider ? [viewModel({ model, provider, settings, deployment, nowMs })] : [];
    });
  }

  /** Drops what is no longer there; returns its ids. */
  #forget(known: Map<number, unknown>, present: Mark[]): number[] {
    const ids = new Set(present.map(({ id }) => id));
    const gone = [...known.keys()].filter((id) => !ids.has(id));
    for (const id of gone) known.delete(id);
    return gone;
  }
}

function cutLists(run: RunView): LiveRun {
  const { skipped, missing, drifted, warnings } = run.outcome;
  const isCut = [skipped, missing, drifted, warnings].some(({ length }) => length > listLength);
  const outcome = {
    ...run.outcome,
    skipped: skipped.slice(0, listLength),
    missing: missing.slice(0, listLength),
    drifted: drifted.slice(0, listLength),
    warnings: warnings.slice(0, listLength),
  };
  return { ...run, outcome, lists_cut: isCut };
}
