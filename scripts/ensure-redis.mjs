import { spawnSync } from 'node:child_process';
import { onPath } from './on-path.mjs';
import { runStep } from './run-step.mjs';
import { Refusal, say } from './terminal.mjs';

// In Debian's packages redis-server is a link to redis-check-rdb (of redis-tools): one program, its name decides.
const serverNames = ['redis-server', 'valkey-server', 'redis-check-rdb', 'valkey-check-rdb'];
const leastMajor = 5; // BullMQ refuses anything older

const setUrlInstead = 'or set REDIS_URL to a Redis that you run.';

function isServer(path) {
  const { stdout } = spawnSync(path, ['--version'], {
    argv0: 'redis-server',
    encoding: 'utf8',
    timeout: 5_000,
  });
  const major = /server v=(\d+)\./i.exec(stdout ?? '')?.[1];
  return major !== undefined && Number(major) >= leastMajor;
}

/** The first Redis or Valkey server on the PATH that runs and is new enough. */
export function findRedis(path = process.env.PATH) {
  return serverNames
    .map((name) => onPath(name, path))
    .filter((found) => found !== undefined)
    .find(isServer);
}

/**
 * What would give this machine a Redis: commands to run, or advice for a person. No command leaves a Redis service
 * running: Homebrew and Alpine start none by themselves, and Debian's redis-tools has the program but no service.
 */
export function planRedisInstall({ platform, isRoot, has }) {
  const apt = ['apt-get', '-o', 'DPkg::Lock::Timeout=120'];
  if (has('apt-get')) {
    if (!isRoot)
      return {
        advice: `No redis-server found. Install it (sudo apt-get install redis-server) ${setUrlInstead}`,
      };
    return {
      from: 'apt-get',
      install: [...apt, 'install', '-y', '--no-install-recommends', 'redis-tools'],
      refresh: [...apt, 'update'],
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    };
  }
  if (has('apk')) {
    if (!isRoot)
      return { advice: `No redis-server found. Install it (as root: apk add redis) ${setUrlInstead}` };
    return { from: 'apk', install: ['apk', 'add', '--no-cache', 'redis'] };
  }
  if (has('brew') && !isRoot) {
    return { from: 'Homebrew', install: ['brew', 'install', 'redis'], env: { HOMEBREW_NO_AUTO_UPDATE: '1' } };
  }
  const hint = platform === 'darwin' ? ' (brew install redis)' : '';
  return {
    advice: `No redis-server or valkey-server found on the PATH. Install one${hint} ${setUrlInstead}`,
  };
}

async function runPlan({ from, install, refresh, env }) {
  const run = ([command, ...args]) =>
    runStep(`installing Redis with ${from}`, command, args, { env: { ...process.env, ...env } });
  if (!refresh) return run(install);
  // Package lists may be missing or out of date: refresh them only when the install says so.
  const [command, ...args] = install;
  const tried = spawnSync(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  if (tried.status === 0) return;
  await run(refresh);
  await run(install);
}

/** Path of a Redis server; installs one when there is none and this user may. */
export async function ensureRedis() {
  const found = findRedis();
  if (found) return found;
  const plan = planRedisInstall({
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    has: (name) => onPath(name) !== undefined,
  });
  if (plan.advice) throw new Refusal(plan.advice);
  say(`no redis-server on the PATH: installing one with ${plan.from}`);
  await runPlan(plan);
  const installed = findRedis();
  if (!installed)
    throw new Refusal(`${plan.from} left no redis-server on the PATH. Install one ${setUrlInstead}`);
  return installed;
}
