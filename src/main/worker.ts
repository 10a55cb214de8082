import type { Config } from '../config.js';
import { normaliserVersion } from '../domain/normaliser-version.js';
import { closeLostRuns } from '../jobs/close-lost-runs.js';
import { connectRedis, untilReady } from '../jobs/connections.js';
import { consume } from '../jobs/consume.js';
import { jobList } from '../jobs/job-list.js';
import { createQueues } from '../jobs/queues.js';
import { equaliseSchedules } from '../jobs/schedules.js';
import { announceWorker } from '../jobs/worker-presence.js';
import type { Logger } from '../logger.js';
import { createServices, layFoundation, version } from './assemble.js';
import { runProcess } from './run-process.js';

/** Redis may start after us; beyond this something is wrong. */
const redisPatienceMs = 60_000;

await runProcess('worker', startWorker);

async function startWorker(config: Config, logger: Logger): Promise<() => Promise<void>> {
  const now = () => new Date();
  const foundation = await layFoundation(config, logger, now);
  const { stores } = foundation;
  const connection = connectRedis(config.redisUrl, 'working');
  await untilReady(connection, redisPatienceMs);
  const queues = createQueues(connection, config.queuePrefix);
  const services = createServices(stores, queues, logger, now);

  await queues.prepare();
  await closeLostRuns(services);
  await equaliseSchedules(stores, queues.byName);
  // After an upgrade of the rules; nothing to do otherwise. Several workers at once ask for one.
  await queues.add('upsert-models', { kind: 'rederive' }, { jobId: `rederive-v${normaliserVersion}` });
  const jobs = jobList.filter((job) => config.workerQueues.includes(job.name));
  const consumer = consume(
    jobs,
    {
      connection,
      prefix: config.queuePrefix,
      ...(config.workerConcurrency !== undefined && { concurrency: config.workerConcurrency }),
    },
    queues,
    services,
  );
  const presence = announceWorker(connection, config.queuePrefix, {
    version,
    queues: jobs.map((job) => job.name),
    startedAt: now(),
  });
  logger.info('the worker works', { queues: jobs.map((job) => job.name).join(' ') });

  return async () => {
    await consumer.stop();
    await presence.stop();
    await queues.close();
    connection.disconnect();
    await foundation.close();
  };
}
