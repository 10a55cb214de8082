/** Every environment variable that api and worker read; .env.example documents them. */
export const productVariables = [
  'PORT',
  'HOST',
  'DATA_DIR',
  'DATABASE_PATH',
  'DATABASE_URL',
  'REDIS_URL',
  'QUEUE_PREFIX',
  'AUTH',
  'TRUST_PROXY',
  'ADMIN_TOKEN',
  'SECRET_KEY',
  'NEW_SECRET_KEY',
  'LITELLM_URL',
  'LITELLM_API_KEY',
  'SYNC_INTERVAL_SECONDS',
  'WORKER_QUEUES',
  'WORKER_CONCURRENCY',
  'LOG_LEVEL',
  'LOG_FORMAT',
];

/** An environment without a single setting of the user's product: their Redis and LiteLLM stay out of reach. */
export function withoutProductVariables(env = process.env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !productVariables.includes(name)));
}
