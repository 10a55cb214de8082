import { createHash, randomBytes } from 'node:crypto';
import { IsNull } from 'typeorm';
import type { Scope } from '../domain/scope.js';
import { ApiToken } from './api-token.js';
import type { Database } from './database.js';

/** Told apart from other secrets at a glance, and by secret scanners. */
const tokenPrefix = 'lup_';

const usedAgainAfterMs = 60_000;

export interface NewToken {
  name: string;
  scope: Scope;
  expiresAt: string | null;
  createdBy: string;
}

export class TokensStore {
  constructor(private readonly database: Database) {}

  /** Those that are not revoked; expired ones too. */
  async list(): Promise<ApiToken[]> {
    return this.#repository.find({ where: { revokedAt: IsNull() }, order: { id: 'ASC' } });
  }

  async byId(id: number): Promise<ApiToken | null> {
    return this.#repository.findOneBy({ id });
  }

  /** The only moment in which the token itself exists here. Throws the driver's UNIQUE error when the name is taken. */
  async create(wish: NewToken, now: string): Promise<{ row: ApiToken; token: string }> {
    const token = tokenPrefix + randomBytes(32).toString('base64url');
    const id = await this.database.insert(ApiToken, {
      ...wish,
      tokenHash: hashOf(token),
      hint: token.slice(-4),
      createdAt: now,
      lastUsedAt: null,
      revokedAt: null,
    });
    return { row: await this.#repository.findOneByOrFail({ id }), token };
  }

  /** False when it was revoked before. */
  async revoke(id: number, now: string): Promise<boolean> {
    return this.database.write((sqlite) => {
      const result = sqlite
        .prepare('UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL')
        .run(now, id);
      return result.changes === 1;
    });
  }

  /** The valid token with this text. Looked up by its hash: an index compares digests, never the secret itself. */
  async valid(token: string, now: Date): Promise<ApiToken | null> {
    const row = await this.database.one(ApiToken, { tokenHash: hashOf(token), revokedAt: null });
    return row !== null && isAlive(row, now) ? row : null;
  }

  /** The token of a session, if it still is one. */
  async validById(id: number, now: Date): Promise<ApiToken | null> {
    const row = await this.database.one(ApiToken, { id, revokedAt: null });
    return row !== null && isAlive(row, now) ? row : null;
  }

  async noteUse(token: ApiToken, now: Date): Promise<void> {
    if (now.getTime() - Date.parse(token.lastUsedAt ?? '') < usedAgainAfterMs) return;
    await this.database.update(ApiToken, { id: token.id }, { lastUsedAt: now.toISOString() });
  }

  get #repository() {
    return this.database.repository(ApiToken);
  }
}

function isAlive({ expiresAt }: ApiToken, now: Date): boolean {
  return expiresAt === null || Date.parse(expiresAt) > now.getTime();
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
