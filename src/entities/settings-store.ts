import { randomBytes, randomUUID } from 'node:crypto';
import type { DestinationAccess } from '../domain/ports.js';
import type { Database } from './database.js';
import { hintOf, type SecretBox } from './secret-box.js';
import { Settings } from './settings.js';

const onlyRow = 1;
const keyPurpose = 'settings.litellm_api_key';
const hashKeyPurpose = 'settings.hash_key';

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
    return this.database.repository(Settings).findOneByOrFail({ id: onlyRow });
  }

  /** `litellmApiKey`: null removes it, undefined keeps it. A new address means a new, unseen LiteLLM. */
  async update(edit: SettingsEdit, litellmApiKey: string | null | undefined, now: string): Promise<Settings> {
    const present = await this.get();
    const moved = edit.litellmBaseUrl !== undefined && edit.litellmBaseUrl !== present.litellmBaseUrl;
    await this.#set({
      ...edit,
      ...(litellmApiKey !== undefined && {
        litellmApiKey: litellmApiKey === null ? null : this.box.seal(litellmApiKey, keyPurpose),
        litellmApiKeyHint: litellmApiKey === null ? null : hintOf(litellmApiKey),
        hasLitellmApiKey: litellmApiKey !== null,
      }),
      ...(moved && { surveyedAt: null, litellmVersion: null, suspectSince: null }),
      ...((moved || litellmApiKey !== undefined) && { destinationError: null, destinationErrorAt: null }),
      updatedAt: now,
    });
    return this.get();
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
    const { litellmBaseUrl, litellmApiKey } = await this.#secrets();
    if (litellmBaseUrl === null) return undefined;
    return {
      baseUrl: litellmBaseUrl,
      ...(litellmApiKey && { apiKey: this.box.open(litellmApiKey, keyPurpose) }),
    };
  }

  async hashKey(): Promise<Uint8Array> {
    const { hashKey } = await this.#secrets();
    try {
      return Buffer.from(this.box.open(hashKey ?? '', hashKeyPurpose), 'base64url');
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

  async #secrets(): Promise<Settings> {
    return this.database.repository(Settings).findOneOrFail({
      where: { id: onlyRow },
      select: { id: true, litellmBaseUrl: true, litellmApiKey: true, hashKey: true },
    });
  }
}
