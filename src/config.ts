import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';

/** A variable's value that we refuse; the message names the variable, what it got and what it takes. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** sysexits.h EX_CONFIG: the launcher does not restart a process that ends with it. */
export const exitCodeOfConfigError = 78;

const queueNames = ['fetch-provider', 'upsert-models', 'mark-orphans', 'push-model'] as const;
export type QueueName = (typeof queueNames)[number];

const blankIsUnset = (value: unknown) =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;
const optional = <T extends z.ZodType>(schema: T) => z.preprocess(blankIsUnset, schema.optional());

/** Everybody, or everybody in any private network: who could then forge an address, through a right proxy as well. */
const tooMany = /^(true|on|yes|\*|uniquelocal|linklocal)$/i;

/** An address, a network such as 10.1.0.0/16, or Express's name for this machine. A network of every address is none. */
function isProxy(text: string): boolean {
  if (text === 'loopback') return true;
  const [address = '', bits, ...more] = text.split('/');
  // Express knows no zones of IPv6.
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** Express's `trust proxy`, but for what would believe the clients' own X-Forwarded-For. */
const trustProxy = z
  .string()
  .refine(
    (text) => !text.split(',').some((each) => tooMany.test(each.trim())),
    'takes no trust in everybody or in every private network, who could then forge an address: name the proxies, by ' +
      'address or by number',
  )
  .transform((text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : text.split(',').map((each) => each.trim())))
  .refine(
    (value) => (typeof value === 'number' ? value <= 10 : value.every(isProxy)),
    'takes the number of proxies in front (1 to 10; 0 for none), or their addresses and networks separated by commas: ' +
      '10.0.0.5, 10.1.0.0/16, loopback',
  );

const variables = z.object({
  PORT: optional(z.coerce.number('takes a port, 0 to 65535').int().min(0).max(65_535)),
  HOST: optional(z.string()),
  DATA_DIR: optional(z.string()),
  DATABASE_PATH: optional(z.string()),
  DATABASE_URL: optional(
    z.never('is not supported yet: unset it and use the SQLite file (DATABASE_PATH) on one host'),
  ),
  REDIS_URL: optional(
    z
      .string()
      .regex(
        /^(rediss?:\/\/|unix:\/\/\/)/,
        'takes redis://host:port, rediss://host:port or unix:///path/to/socket',
      ),
  ),
  QUEUE_PREFIX: optional(z.string().regex(/^[\w-]+$/, 'takes letters, digits, _ and -')),
  AUTH: optional(z.enum(['on', 'off'], 'takes on or off')),
  TRUST_PROXY: optional(trustProxy),
  ADMIN_TOKEN: optional(z.string().regex(/^\S{16,}$/, 'takes at least 16 characters without blanks')),
  SECRET_KEY: optional(z.string().min(16, 'takes at least 16 characters')),
  NEW_SECRET_KEY: optional(z.string().min(16, 'takes at least 16 characters')),
  LITELLM_URL: optional(z.string().regex(/^https?:\/\//, 'takes http://host:port or https://host')),
  LITELLM_API_KEY: optional(z.string()),
  SYNC_INTERVAL_SECONDS: optional(
    z.coerce
      .number('takes whole seconds')
      .int()
      .refine((value) => value === 0 || value >= 30, 'takes 0 (off) or at least 30 seconds'),
  ),
  WORKER_QUEUES: optional(
    z
      .string()
      .transform((text) => text.split(',').map((name) => name.trim()))
      .pipe(z.array(z.enum(queueNames, `takes a comma list of ${queueNames.join(', ')}`)).min(1)),
  ),
  WORKER_CONCURRENCY: optional(z.coerce.number('takes 1 to 50').int().min(1).max(50)),
  LOG_LEVEL: optional(z.enum(['error', 'warn', 'info', 'debug'], 'takes error, warn, info or debug')),
  LOG_FORMAT: optional(z.enum(['json', 'pretty'], 'takes json or pretty')),
});

const neverPrinted = new Set([
  'ADMIN_TOKEN',
  'SECRET_KEY',
  'NEW_SECRET_KEY',
  'LITELLM_API_KEY',
  'REDIS_URL',
  'DATABASE_URL',
]);

/** How many proxies are in front, or which; 0: none, and nobody's word counts. */
export type TrustProxy = number | string[];

export interface Config {
  port: number;
  host: string;
  dataDir: string;
  databasePath: string;
  redisUrl: string;
  queuePrefix: string;
  auth: 'on' | 'off';
  /** Express's `trust proxy`: whose X-Forwarded-… headers are believed. */
  trustProxy: TrustProxy;
  adminToken?: string;
  secretKey?: string;
  /** Of `npm run rotate-secret-key` alone. */
  newSecretKey?: string;
  litellmUrl?: string;
  litellmApiKey?: string;
  syncIntervalSeconds: number;
  syncIntervalGiven: boolean;
  workerQueues: readonly QueueName[];
  /** Overrides each queue's own default where set; writes to LiteLLM stay one at a time whatever it says. */
  workerConcurrency?: number;
  logLevel: 'error' | 'warn' | 'info' | 'debug';
  logFormat: 'json' | 'pretty';
}

/** Reads and checks the environment; throws `ConfigError` with every wrong variable in one message. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = variables.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      const got = neverPrinted.has(name) ? 'a value' : JSON.stringify(environment[name]);
      return `${name} ${issue.message}; it got ${got}`;
    });
    throw new ConfigError(lines.join('\n'));
  }
  const env = parsed.data;
  const dataDir = resolve(env.DATA_DIR ?? './data');
  return {
    port: env.PORT ?? 4001,
    host: env.HOST ?? '127.0.0.1',
    dataDir,
    databasePath: resolve(env.DATABASE_PATH ?? `${dataDir}/models.db`),
    redisUrl: env.REDIS_URL ?? `unix://${dataDir}/redis/redis.sock`,
    queuePrefix: env.QUEUE_PREFIX ?? 'litellm-updater',
    auth: env.AUTH ?? 'on',
    trustProxy: env.TRUST_PROXY ?? 0,
    ...(env.ADMIN_TOKEN !== undefined && { adminToken: env.ADMIN_TOKEN }),
    ...(env.SECRET_KEY !== undefined && { secretKey: env.SECRET_KEY }),
    ...(env.NEW_SECRET_KEY !== undefined && { newSecretKey: env.NEW_SECRET_KEY }),
    ...(env.LITELLM_URL !== undefined && { litellmUrl: env.LITELLM_URL }),
    ...(env.LITELLM_API_KEY !== undefined && { litellmApiKey: env.LITELLM_API_KEY }),
    syncIntervalSeconds: env.SYNC_INTERVAL_SECONDS ?? 300,
    syncIntervalGiven: env.SYNC_INTERVAL_SECONDS !== undefined,
    workerQueues: env.WORKER_QUEUES ?? queueNames,
    ...(env.WORKER_CONCURRENCY !== undefined && { workerConcurrency: env.WORKER_CONCURRENCY }),
    logLevel: env.LOG_LEVEL ?? 'info',
    logFormat: env.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json'),
  };
}
