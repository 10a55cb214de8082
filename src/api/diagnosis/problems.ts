import { z } from 'zod';
import type { Diagnosis, Facts } from './diagnosis.js';

/** A job that waits this long has nobody to work on it, or too much before it. */
const longWaitSeconds = 300;

/** Above what a busy machine and a slow line explain. */
const clockSkewMs = 60_000;

/** A schedule that was missed so often, and not for a busy minute only. */
const missedSyncs = 3;

export const problem = z.object({
  component: z.string().describe('database, redis, workers, queue:…, provider:…, destination, run:…, clock'),
  severity: z.enum(['error', 'warning']),
  message: z.string().describe('what is wrong and what to do'),
});
export type Problem = z.infer<typeof problem>;

const error = (component: string, message: string): Problem => ({ component, severity: 'error', message });
const warning = (component: string, message: string): Problem => ({
  component,
  severity: 'warning',
  message,
});

/** What is wrong, in words for a tired person, worst first. */
export function findProblems(view: Diagnosis, facts: Facts): Problem[] {
  const found = [
    ...ofFoundations(view, facts),
    ...ofWorkers(view),
    ...ofQueues(view),
    ...ofProviders(view),
    ...ofDestination(view),
    ...ofHeldRuns(facts),
    ...ofClocks(facts),
  ];
  const isError = ({ severity }: Problem) => severity === 'error';
  return [...found.filter(isError), ...found.filter((one) => !isError(one))];
}

const foundations = new Set(['database', 'redis', 'workers']);

/** `down`: nothing goes on. Warnings alone leave it `ok`. */
export function statusOf(problems: Problem[]): 'ok' | 'degraded' | 'down' {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.some(({ component }) => foundations.has(component))) return 'down';
  return errors.length > 0 ? 'degraded' : 'ok';
}

function ofFoundations({ database, redis }: Diagnosis, facts: Facts): Problem[] {
  const found: Problem[] = [];
  if (database.state === 'failing')
    found.push(
      error(
        'database',
        'The database does not answer. Look at the disk and its free space, and DATABASE_PATH.',
      ),
    );
  if (redis.state === 'unreachable')
    found.push(
      error(
        'redis',
        'Redis does not answer: nothing is synced or pushed, and changes are refused until it is back. ' +
          'Check that the server runs, and REDIS_URL.',
      ),
    );
  if (facts.redis.evicts)
    found.push(
      warning(
        'redis',
        'Redis may throw jobs away when its memory is full. Set maxmemory-policy to noeviction.',
      ),
    );
  return found;
}

function ofWorkers({ workers }: Diagnosis): Problem[] {
  if (workers === null || workers.length > 0) return [];
  const advice = 'Start one: npm start, or docker compose up worker.';
  return [
    error('workers', `No worker was seen in the last 15 seconds: nothing is synced or pushed. ${advice}`),
  ];
}

function ofQueues({ queues, workers }: Diagnosis): Problem[] {
  return (queues ?? []).flatMap(({ name, paused, oldest_waiting: oldest }) => {
    const component = `queue:${name}`;
    const found: Problem[] = [];
    if (workers !== null && workers.length > 0 && !workers.some((worker) => worker.queues.includes(name)))
      found.push(error(component, `No worker works on ${name}. Look at WORKER_QUEUES of the workers.`));
    if (paused)
      found.push(warning(component, `The queue ${name} is paused. Resume it in Bull Board (/admin/queues).`));
    else if (oldest !== null && oldest.age_seconds > longWaitSeconds)
      found.push(
        warning(
          component,
          `The oldest job of ${name} has waited for ${minutes(oldest.age_seconds)}. ` +
            'Look at the log of the workers, or start more of them.',
        ),
      );
    return found;
  });
}

function ofProviders({ providers }: Diagnosis): Problem[] {
  return (providers ?? []).flatMap((provider) => {
    const component = `provider:${provider.id}`;
    const { name, state, last_ok_at: lastOk, lag_seconds: lag, sync_interval_seconds: interval } = provider;
    if (state === 'error') {
      const good = lastOk === null ? 'It has never been read.' : `It was last read at ${lastOk}.`;
      const what = `Provider "${name}" fails (last at ${provider.last_error_at}): ${provider.last_error}`;
      return [error(component, `${what}${/[.!?]$/.test(what) ? '' : '.'} ${good}`)];
    }
    if (state === 'ok' && interval > 0 && lag !== null && lag > missedSyncs * interval + longWaitSeconds)
      return [
        warning(
          component,
          `Provider "${name}" was last read ${minutes(lag)} ago, although it is due every ${minutes(interval)}. ` +
            'Look at the queue fetch-provider.',
        ),
      ];
    return [];
  });
}

function ofDestination({ destination }: Diagnosis): Problem[] {
  if (destination === null) return [];
  const { state, error: trouble, error_at: since, failed_pushes: failed } = destination;
  if (state === 'not-configured')
    return [
      warning('destination', 'No LiteLLM is configured: models are read and stored, and pushed nowhere.'),
    ];
  const found: Problem[] = [];
  if (state === 'error')
    found.push(error('destination', `LiteLLM has trouble (last at ${since}): ${trouble}`));
  if (state === 'suspicious')
    found.push(
      warning(
        'destination',
        'LiteLLM lists far fewer models than were pushed. Nothing is created or deleted there until a later look agrees.',
      ),
    );
  if (failed > 0)
    found.push(
      warning(
        'destination',
        `${failed} ${failed === 1 ? 'model' : 'models'} could not be pushed; each tells its reason, and all are tried again.`,
      ),
    );
  return found;
}

function ofHeldRuns({ inventory }: Facts): Problem[] {
  return (inventory?.undecided ?? []).map(({ id, providerName, missing }) =>
    warning(
      `run:${id}`,
      `The sync of "${providerName}" missed ${missing} ${missing === 1 ? 'model' : 'models'} at once and waits ` +
        `for your decision: accept or reject run ${id}.`,
    ),
  );
}

function ofClocks({ now, inventory, redis }: Facts): Problem[] {
  const found: Problem[] = [];
  const newest = inventory?.newestRunAt;
  if (newest != null && Date.parse(newest) - now.getTime() > clockSkewMs)
    found.push(
      warning(
        'clock',
        `The newest run was made in the future (${newest}): a clock is wrong, or was set back.`,
      ),
    );
  const aside = redis.clockMs === undefined ? 0 : Math.abs(redis.clockMs - now.getTime());
  if (aside > clockSkewMs)
    found.push(
      warning(
        'clock',
        `The clocks of this machine and of Redis are ${minutes(aside / 1_000)} apart. Set them.`,
      ),
    );
  return found;
}

function minutes(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} seconds`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`;
  return `${Math.round(seconds / 3_600)} hours`;
}
