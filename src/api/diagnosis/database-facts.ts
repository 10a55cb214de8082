import type { DatabaseFacts, DeploymentState, ModelCounts } from '../../entities/overview-store.js';
import type { Provider } from '../../entities/provider.js';
import type { Settings } from '../../entities/settings.js';
import type { Stores } from '../../entities/stores.js';
import type { RunKind, RunState, SyncRun } from '../../entities/sync-run.js';

const dayMs = 24 * 3_600_000;

/** Everything that diagnostics and metrics tell of the database. */
export interface Inventory {
  database: DatabaseFacts;
  settings: Settings;
  providers: Provider[];
  openRuns: SyncRun[];
  undecided: { id: number; providerName: string | null; missing: number }[];
  runs: { kind: RunKind; state: RunState; count: number }[];
  failedLastDay: number;
  newestRunAt: string | null;
  models: ModelCounts[];
  deployments: Record<DeploymentState, number>;
}

/** Undefined when the database does not answer. */
export async function takeInventory(stores: Stores, now: Date): Promise<Inventory | undefined> {
  const { overview } = stores;
  try {
    return {
      database: await overview.databaseFacts(),
      settings: await stores.settings.get(),
      providers: await stores.providers.list(),
      openRuns: await stores.runs.open(),
      undecided: await overview.undecidedRuns(),
      runs: await overview.runCounts(),
      failedLastDay: await overview.failedRunsSince(new Date(now.getTime() - dayMs).toISOString()),
      newestRunAt: await overview.newestRunAt(),
      models: await overview.modelCounts(),
      deployments: await overview.deploymentCounts(),
    };
  } catch {
    return undefined;
  }
}
