import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnGuarded } from './guarded-child.mjs';
import { keepRunning } from './keep-running.mjs';
import { listen } from './last-words.mjs';
import { chooseSocket, startPrivateRedis } from './private-redis.mjs';
import { projectRoot } from './project-root.mjs';

// The worker lets a running job come to an end; Docker's stop_grace_period leaves room for the same.
const stopGraceMs = 12_000;

/** How api and worker are started, here and in the containers. */
const commands = JSON.parse(readFileSync(join(projectRoot, 'scripts', 'commands.json'), 'utf8'));

/**
 * Runs Redis (unless `env.REDIS_URL` names one), api and worker until `stop()`. `failed` resolves to a Refusal when a
 * part cannot be kept running. `output` is where api and worker print: 'inherit' or a file descriptor.
 */
export async function runProduct({ env, redisServer, output = 'inherit' }) {
  let giveUp;
  const failed = new Promise((resolve) => (giveUp = resolve));
  let redisUrl = env.REDIS_URL;
  let redis;
  if (!redisUrl) {
    const dir = join(env.DATA_DIR, 'redis');
    const socketPath = chooseSocket(dir);
    const start = () => startPrivateRedis({ dir, persistent: true, binary: redisServer, socketPath });
    redis = await keepRunning({ name: 'Redis', start, giveUp });
    redisUrl = `unix://${socketPath}`;
  }

  const parts = [];
  for (const [name, [, ...args]] of Object.entries(commands)) {
    // This very Node.js, not the first one on the PATH: the compiled addon belongs to it.
    const start = () => {
      const child = spawnGuarded([process.execPath, ...args], {
        cwd: projectRoot,
        env: { ...env, REDIS_URL: redisUrl },
        output,
        errors: 'pipe',
      });
      const { ended, lastWords } = listen(child.stderr, output);
      const heard = async (code) => (await ended, code);
      return {
        exited: child.exited.then(heard),
        stop: () => child.stop(stopGraceMs).then(heard),
        lastWords,
      };
    };
    parts.push(await keepRunning({ name, start, giveUp }));
  }

  return {
    failed,
    /** api and worker first, together; Redis when nobody needs it any more. */
    async stop() {
      await Promise.all(parts.map((part) => part.stop()));
      await redis?.stop();
    },
  };
}
