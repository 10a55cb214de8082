import { randomBytes, randomUUID } from 'node:crypto';
import type { DestinationAccess } from '../domain/ports.js';
import type { Database } from './database.js';
import { hintOf, type SecretBox } from './secret-box.js';
import { Settings } from './settings.js';

const onlyRow = 1;
export const keyPurpose = 'settings.litellm_api_key';
export const hashKeyPurpose = 'settings.hash_key';

/** The secret key does not open what is stored: it was changed, or the data folder is another installation's. */
export class WrongSecretKeyError extends Error {
  override name = 'WrongSecretKeyError';
}

export type SettingsEdit = Partial<
  Pick<
    Settings,
    | 'litellmBaseUrl'
    | 'syncIntervalSeconds'
    | 'defaultPricingProfile'
    | 'defaultPricingOverride'
    | 'updateStrategy'
    | 'tagsPlacement'
    | 'litellmPollSeconds'
    | 'runRetentionDays'
  >
>;

export class SettingsStore {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
  ) {}

  /** Makes the row at the first start; the given values are first values only. Proves the secret key at every start. */
  async ensure(first: {
    litellmBaseUrl: string | null;
    litellmApiKey?: string;
    syncIntervalSeconds: number;
    now: string;
  }) {
    const apiKey = first.litellmApiKey;
    await this.database.write((sqlite) =>
      sqlite
        .prepare(
          `INSERT INTO settings (id, instance_id, hash_key, litellm_base_url, litellm_api_key, litellm_api_key_hint,
             has_litellm_api_key, sync_interval_seconds, update_strategy, tags_placement, litellm_poll_seconds,
             run_retention_days, updated_at)
           VALUES (1, ?, ?, ?, ?, ?, ?, ?, 'auto', 'litellm_params', 30, 30, ?) ON CONFLICT DO NOTHING`,
        )
        .run(
          randomUUID(),
          this.box.seal(randomBytes(32).toString('base64url'), hashKeyPurpose),
          first.litellmBaseUrl,
          apiKey === undefined ? null : this.box.seal(apiKey, keyPurpose),
          apiKey === undefined ? null : hintOf(apiKey),
          apiKey === undefined ? 0 : 1,
          first.syncIntervalSeconds,
          first.now,
        ),
    );
    await this.hashKey();
  }

  async get(): Promise<Settings> {
    const settings = await this.database.one(Settings, { id: onlyRow });
    if (settings === null) throw new Error('the settings row is missing: start the product once more');
    return settings;
  }

  /**
   * `litellmApiKey`: null removes it, undefined keeps it. A new address means a new, unseen LiteLLM. Undefined when
   * somebody else edited the settings since `present` was read; nothing is changed then.
   */
  async update(
    present: Pick<Settings, 'editVersion' | 'litellmBaseUrl'>,
    edit: SettingsEdit,
    litellmApiKey: string | null | undefined,
    now: string,
  ): Promise<Settings | undefined> {
    const { editVersion } = present;
    const moved = edit.litellmBaseUrl !== undefined && edit.litellmBaseUrl !== present.litellmBaseUrl;
    const values = {
      ...edit,
      ...(litellmApiKey !== undefined && {
        litellmApiKey: litellmApiKey === null ? null : this.box.seal(litellmApiKey, keyPurpose),
        litellmApiKeyHint: litellmApiKey === null ? null : hintOf(litellmApiKey),
        hasLitellmApiKey: litellmApiKey !== null,
      }),
      ...(moved && { surveyedAt: null, litellmVersion: null, suspectSince: null }),
      ...((moved || litellmApiKey !== undefined) && { destinationError: null, destinationErrorAt: null }),
      editVersion: editVersion + 1,
      updatedAt: now,
    };
    const changed = await this.database.update(Settings, { id: onlyRow, editVersion }, values);
    return changed === 1 ? this.get() : undefined;
  }

  /** False when the destination was changed meanwhile: what was seen belongs to another LiteLLM. */
  async noteSurvey(access: DestinationAccess, now: string, version: string | undefined): Promise<boolean> {
    return this.database.write((sqlite) => {
      const result = sqlite
        .prepare(
          `UPDATE settings SET surveyed_at = ?, litellm_version = ?, destination_error = NULL, destination_error_at = NULL
            WHERE litellm_base_url = ?`,
        )
        .run(now, version ?? null, access.baseUrl);
      return result.changes === 1;
    });
  }

  async noteDestination(error: string | null, now: string): Promise<void> {
    await this.#set({ destinationError: error, destinationErrorAt: error === null ? null : now });
  }

  async noteSuspicion(since: string | null): Promise<void> {
    await this.#set({ suspectSince: since });
  }

  /** Undefined: no LiteLLM is configured. */
  async destinationAccess(): Promise<DestinationAccess | undefined> {
    const row = await this.database.row<{ url: string | null; sealed: string | null }>(
      'SELECT litellm_base_url AS url, litellm_api_key AS sealed FROM settings',
    );
    if (row?.url == null) return undefined;
    return { baseUrl: row.url, ...(row.sealed && { apiKey: this.box.open(row.sealed, keyPurpose) }) };
  }

  async hashKey(): Promise<Uint8Array> {
    const row = await this.database.row<{ sealed: string }>('SELECT hash_key AS sealed FROM settings');
    try {
      return Buffer.from(this.box.open(row?.sealed ?? '', hashKeyPurpose), 'base64url');
    } catch (error) {
      throw new WrongSecretKeyError(
        'SECRET_KEY does not open the stored keys. Start with the key that this database was made with ' +
          '(SECRET_KEY, or the file secret.key in the data folder).',
        { cause: error },
      );
    }
  }

  async #set(values: Partial<Settings>): Promise<void> {
    await this.database.update(Settings, { id: onlyRow }, values);
  }
}
