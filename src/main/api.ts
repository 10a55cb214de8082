import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../api/app.js';
import { Gate } from '../api/auth.js';
import type { ApiServices } from '../api/define-route.js';
import { EventStreams } from '../api/events.js';
import { ConfigError, type Config } from '../config.js';
import { messageOf } from '../domain/errors.js';
import type { Stores } from '../entities/stores.js';
import { connectRedis, untilReady } from '../jobs/connections.js';
import { createQueues } from '../jobs/queues.js';
import type { Logger } from '../logger.js';
import { createServices, firstLitellmUrl, layFoundation, version } from './assemble.js';
import { runProcess } from './run-process.js';
import { ensureSecretFile, isGuessable } from './secrets.js';

/** Longer than the proxies in front keep an idle connection (nginx: 60 s): who closes first must not be asked at that moment. */
const keepAliveMs = 75_000;

/** Reading works without it, so it is not waited for longer. */
const redisPatienceMs = 5_000;

await runProcess('api', startApi);

async function startApi(config: Config, logger: Logger): Promise<() => Promise<void>> {
  const now = () => new Date();
  const foundation = await layFoundation(config, logger, now);
  const { stores, secretKey } = foundation;
  const redis = connectRedis(config.redisUrl, 'asking');
  await untilReady(redis, redisPatienceMs).catch((error: unknown) => {
    logger.warn('starting without Redis: changes are answered with 503 until it is there', {
      error: messageOf(error),
    });
  });
  const queues = createQueues(redis, config.queuePrefix);
  const services: ApiServices = {
    ...createServices(stores, queues, logger, now),
    queues,
    prefix: config.queuePrefix,
    version,
    isQueueAlive: () => answers(() => redis.ping()),
    redisCommand: (name, ...args) => redis.call(name, ...args),
  };

  const token =
    config.auth === 'off'
      ? undefined
      : (config.adminToken ?? ensureSecretFile(config.dataDir, 'admin-token'));
  const gate = new Gate({ adminToken: token, sessionKey: secretKey, tokens: stores.tokens, now });
  const streams = new EventStreams(services);
  const server = createServer(createApp(services, gate, streams, config.trustProxy));
  server.keepAliveTimeout = keepAliveMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken
          ? new ConfigError(`PORT ${config.port} is in use on ${config.host}; set PORT to a free one`)
          : error,
      );
    });
    server.listen(config.port, config.host, resolve);
  });
  await tellWhatIsIgnored(config, foundation.stores, logger);
  announce(config, (server.address() as AddressInfo).port, token, logger);

  return async () => {
    streams.close();
    server.close();
    server.closeAllConnections();
    await queues.close();
    redis.disconnect();
    await foundation.close();
  };
}

/** First values only: said, because a changed variable without effect is a riddle. */
async function tellWhatIsIgnored(config: Config, stores: Stores, logger: Logger): Promise<void> {
  const settings = await stores.settings.get();
  if (config.litellmApiKey !== undefined && config.litellmUrl === undefined && !settings.hasLitellmApiKey) {
    logger.warn(
      'LITELLM_API_KEY is kept for one server only: set LITELLM_URL as well, or enter both under /settings',
    );
  }
  const ignored = [
    config.litellmUrl !== undefined && firstLitellmUrl(config) !== settings.litellmBaseUrl && 'LITELLM_URL',
    config.syncIntervalGiven &&
      config.syncIntervalSeconds !== settings.syncIntervalSeconds &&
      'SYNC_INTERVAL_SECONDS',
  ].filter((name) => name !== false);
  if (ignored.length > 0) {
    logger.warn(
      `${ignored.join(' and ')} differ from the stored settings, which win; change them with PATCH /api/admin/config`,
    );
  }
}

/** As Jupyter does: whoever reads the start-up log may log in. A token of the person's own choice is not repeated. */
function announce(config: Config, port: number, token: string | undefined, logger: Logger): void {
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  const address = `http://${host}:${port}`;
  logger.info('the api listens', { address });
  if (token === undefined) logger.warn('AUTH=off: everybody who reaches this address may do everything');
  else if (config.adminToken === undefined) logger.info(`log in at ${address}/login?token=${token}`);
  else logger.info(`log in at ${address}/login with ADMIN_TOKEN`);
  if (config.adminToken !== undefined && isGuessable(config.adminToken)) {
    logger.warn(
      'ADMIN_TOKEN is easy to guess, and whoever does may do everything; make one: openssl rand -hex 32',
    );
  }
}

async function answers(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch {
    return false;
  }
}
