import { ConclusionsStore } from './conclusions-store.js';
import type { Database } from './database.js';
import { DeploymentsStore } from './deployments-store.js';
import { HistoryStore } from './history-store.js';
import { ModelEditsStore } from './model-edits-store.js';
import { ModelsStore } from './models-store.js';
import { OverviewStore } from './overview-store.js';
import { ProvidersStore } from './providers-store.js';
import { RunsStore } from './runs-store.js';
import type { SecretBox } from './secret-box.js';
import { SettingsStore } from './settings-store.js';
import { TokensStore } from './tokens-store.js';

/** The questions asked of the database, by name. Callers see promises only, so that another database can answer them. */
export interface Stores {
  settings: SettingsStore;
  providers: ProvidersStore;
  models: ModelsStore;
  modelEdits: ModelEditsStore;
  deployments: DeploymentsStore;
  runs: RunsStore;
  conclusions: ConclusionsStore;
  history: HistoryStore;
  tokens: TokensStore;
  overview: OverviewStore;
  isAlive(): Promise<boolean>;
  breathe(): Promise<void>;
}

export function createStores(database: Database, box: SecretBox): Stores {
  return {
    settings: new SettingsStore(database, box),
    providers: new ProvidersStore(database, box),
    models: new ModelsStore(database),
    modelEdits: new ModelEditsStore(database),
    deployments: new DeploymentsStore(database),
    runs: new RunsStore(database),
    conclusions: new ConclusionsStore(database),
    history: new HistoryStore(database),
    tokens: new TokensStore(database),
    overview: new OverviewStore(database),
    isAlive: () => database.isAlive(),
    breathe: () => database.breathe(),
  };
}
