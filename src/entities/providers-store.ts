import { randomUUID } from 'node:crypto';
import type { Database } from './database.js';
import { Provider } from './provider.js';
import { hintOf, type SecretBox } from './secret-box.js';

/** What a person decides about a provider; the rest is learned or made. */
export type ProviderEdit = Pick<
  Provider,
  | 'name'
  | 'baseUrl'
  | 'type'
  | 'prefix'
  | 'defaultOllamaMode'
  | 'tags'
  | 'accessGroups'
  | 'pricingProfile'
  | 'pricingOverride'
  | 'syncEnabled'
  | 'syncIntervalSeconds'
  | 'autoDetectFim'
  | 'modelFilter'
  | 'modelFilterExclude'
  | 'litellmBaseUrl'
  | 'defaultNumCtx'
  | 'isLocal'
  | 'orphanPolicy'
  | 'graceMisses'
  | 'graceSeconds'
>;

export const keyPurpose = (uuid: string) => `providers.api_key:${uuid}`;

export class ProvidersStore {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
  ) {}

  async list(): Promise<Provider[]> {
    return this.database.many(Provider, 'ORDER BY id');
  }

  async byId(id: number): Promise<Provider | null> {
    return this.database.one(Provider, { id });
  }

  async byName(name: string): Promise<Provider | null> {
    return this.#repository.findOneBy({ name });
  }

  /** Throws the driver's UNIQUE error when the name is taken meanwhile; see `isDuplicate`. */
  async insert(values: ProviderEdit, apiKey: string | null, now: string): Promise<Provider> {
    const uuid = randomUUID();
    const id = await this.database.insert(Provider, {
      ...values,
      uuid,
      ...this.#keyColumns(apiKey, uuid),
      maxRequestsPerHour: null,
      apiRoot: null,
      lastOkAt: null,
      lastError: null,
      lastErrorAt: null,
      deletingAt: null,
      createdAt: now,
      updatedAt: now,
    });
    return this.#repository.findOneByOrFail({ id });
  }

  /**
   * `apiKey`: null removes it, undefined keeps it. Another place forgets where the API was found. Undefined when somebody
   * else edited it since `present` was read; nothing is changed then.
   */
  async update(
    present: Provider,
    edit: Partial<ProviderEdit>,
    apiKey: string | null | undefined,
    now: string,
  ): Promise<Provider | undefined> {
    const { id, editVersion } = present;
    const moved =
      (edit.baseUrl !== undefined && edit.baseUrl !== present.baseUrl) ||
      (edit.type !== undefined && edit.type !== present.type);
    const values = {
      ...edit,
      ...(apiKey !== undefined && this.#keyColumns(apiKey, present.uuid)),
      ...(moved && { apiRoot: null }),
      editVersion: editVersion + 1,
      updatedAt: now,
    };
    const changed = await this.database.update(Provider, { id, editVersion }, values);
    return changed === 1 ? this.#repository.findOneByOrFail({ id }) : undefined;
  }

  async apiKeyOf(id: number): Promise<string | undefined> {
    const row = await this.database.row<{ uuid: string; api_key: string | null }>(
      'SELECT uuid, api_key FROM providers WHERE id = ?',
      id,
    );
    return row?.api_key ? this.box.open(row.api_key, keyPurpose(row.uuid)) : undefined;
  }

  /** Names of the providers whose stored key does not open, each tried once: rows that were copied from elsewhere. */
  async withUnreadableKey(): Promise<string[]> {
    const rows = await this.#repository.find({
      select: { id: true, name: true, uuid: true, apiKey: true },
      order: { id: 'ASC' },
    });
    return rows
      .filter(({ uuid, apiKey }) => apiKey != null && !this.box.opens(apiKey, keyPurpose(uuid)))
      .map(({ name }) => name);
  }

  /** The address that was read may have been changed meanwhile: then where its API was found says nothing. */
  async noteOk(
    read: Pick<Provider, 'id' | 'baseUrl' | 'type'>,
    now: string,
    apiRoot: string | undefined,
  ): Promise<void> {
    await this.#set(read.id, { lastOkAt: now, lastError: null, lastErrorAt: null });
    if (apiRoot === undefined) return;
    const { id, baseUrl, type } = read;
    await this.database.update(Provider, { id, baseUrl, type }, { apiRoot });
  }

  async noteError(id: number, message: string, now: string): Promise<void> {
    await this.#set(id, { lastError: message, lastErrorAt: now });
  }

  async markDeleting(id: number, now: string): Promise<void> {
    await this.#set(id, { deletingAt: now, updatedAt: now });
  }

  /** Its models and deployments go with it; its runs stay, by name, and none of them stays open. */
  async remove(id: number, now: string): Promise<void> {
    await this.database.write((sqlite) => {
      sqlite
        .prepare(
          `UPDATE sync_runs SET state = 'superseded', reason = 'the provider was deleted', finished_at = ?
            WHERE provider_id = ? AND kind = 'sync' AND state IN ('waiting', 'running', 'held')`,
        )
        .run(now, id);
      sqlite.prepare('DELETE FROM providers WHERE id = ?').run(id);
    });
  }

  get #repository() {
    return this.database.repository(Provider);
  }

  async #set(id: number, values: Partial<Provider>): Promise<void> {
    await this.database.update(Provider, { id }, values);
  }

  #keyColumns(apiKey: string | null, uuid: string) {
    return apiKey === null
      ? { apiKey: null, apiKeyHint: null, hasApiKey: false }
      : { apiKey: this.box.seal(apiKey, keyPurpose(uuid)), apiKeyHint: hintOf(apiKey), hasApiKey: true };
  }
}
