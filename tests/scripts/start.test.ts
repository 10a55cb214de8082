import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { stampBuild } from '../../scripts/ensure-build.mjs';
import { stampDependencies } from '../../scripts/ensure-dependencies.mjs';
import { withoutProductVariables } from '../../scripts/product-variables.mjs';
import { until } from '../support/until.js';

/**
 * Stands in for api and worker: says that it runs, with its Redis, also by a file, and ends when told to. As the real ones
 * it needs a moment for that, in which its Redis has to stay.
 */
const patient = `
const fs = await import('node:fs');
const [name, url] = [process.argv[1].split('/').at(-1), process.env.REDIS_URL];
process.on('SIGTERM', () => setTimeout(() => {
  console.log(name + ' ends, Redis ' + (fs.existsSync(url.slice('unix://'.length)) ? 'still there' : 'gone'));
  process.exit(0);
}, 100));
setInterval(() => {}, 1000);
console.log(name + ' runs ' + process.pid + ' ' + url);
fs.writeFileSync(name + ' runs', '');
`;

let root: string;
const started: ChildProcess[] = [];

/** A project of which only the scripts are real: set-up finds dependencies and build as it wants them. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'start-'));
  cpSync('scripts', join(root, 'scripts'), { recursive: true });
  cpSync('package-lock.json', join(root, 'package-lock.json'));
  for (const folder of ['src', 'node_modules', 'dist/src/main'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  write('api', patient);
  write('worker', patient);
  stampDependencies(root);
  stampBuild(root);
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(root, { recursive: true, force: true });
});

function write(name: 'api' | 'worker', code: string) {
  writeFileSync(join(root, 'dist', 'src', 'main', `${name}.js`), code);
}

function start(env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env: { ...withoutProductVariables(), ...env },
  });
  started.push(child);
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      for (const listener of listeners) listener();
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const seen = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output);
        if (match) resolve(match);
      };
      listeners.add(look);
      look();
      void exited.then(() => reject(new Error(`ended without ${String(pattern)}:\n${output}`)));
    });
  return { child, seen, exited, output: () => output };
}

function isRunning(pid: number) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('npm start', () => {
  test('runs api and worker on a private Redis, and stops them before it on SIGTERM', async () => {
    const { child, seen, exited, output } = start();
    const [, , url] = await seen(/api\.js runs (\d+) (\S+)/);
    await seen(/worker\.js runs/);
    expect(url).toBe(`unix://${root}/data/redis/redis.sock`);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(output()).toContain('api.js ends, Redis still there');
    expect(output()).toContain('worker.js ends, Redis still there');
    expect(existsSync(join(root, 'data', 'start.lock'))).toBe(false);
    expect(existsSync(join(root, 'data', 'redis', 'redis.sock'))).toBe(false);
  });

  test('refuses a second start in the same data folder, and names the first', async () => {
    const first = start();
    await first.seen(/worker\.js runs/);
    const second = start();
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`already runs in ${root}/data (process ${first.child.pid})`);
    expect(first.child.exitCode).toBeNull();
  });

  test('takes over the data folder of a start that was killed, whose parts have ended by themselves', async () => {
    const first = start();
    const [, apiPid] = await first.seen(/api\.js runs (\d+)/);
    await first.seen(/worker\.js runs/);
    first.child.kill('SIGKILL');
    await first.exited;
    const socket = join(root, 'data', 'redis', 'redis.sock');
    await until('the end of its parts', () => !isRunning(Number(apiPid)) && !existsSync(socket));
    expect(existsSync(join(root, 'data', 'start.lock'))).toBe(true);
    const second = start();
    await second.seen(/worker\.js runs/);
  });

  test('reads .env, over which the environment wins, and starts no Redis when one is named', async () => {
    writeFileSync(join(root, '.env'), 'REDIS_URL=redis://from-env-file:1\nDATA_DIR=elsewhere\n');
    const { seen } = start({ REDIS_URL: 'redis://named:2' });
    const [, url] = await seen(/worker\.js runs \d+ (\S+)/);
    expect(url).toBe('redis://named:2');
    expect(existsSync(join(root, 'elsewhere', 'start.lock'))).toBe(true);
    expect(existsSync(join(root, 'elsewhere', 'redis'))).toBe(false);
  });

  test('starts a part again that ended by itself, and leaves the other alone', async () => {
    write(
      'api',
      `import { existsSync, writeFileSync } from 'node:fs';
      if (!existsSync('died')) { writeFileSync('died', ''); process.exit(3); } ${patient}`,
    );
    const { seen, output } = start({ REDIS_URL: 'redis://unused' });
    await seen(/api ended unexpectedly \(exit code 3\); starting it again in 2 s/);
    await seen(/api\.js runs/);
    await seen(/worker\.js runs/);
    expect(output().match(/worker\.js runs/g)).toHaveLength(1);
  });

  test('gives up on a part that ends five times within a minute, and stops the rest', async () => {
    write(
      'worker',
      `import { appendFileSync } from 'node:fs'; appendFileSync('ends', 'x'); console.error('no disk'); process.exit(4);`,
    );
    const { exited, output } = start({ REDIS_URL: 'redis://unused' });
    expect(await exited).toBe(1);
    expect(readFileSync(join(root, 'ends'), 'utf8')).toBe('xxxxx');
    expect(output()).toContain(
      'worker ended 5 times within a minute (last exit code 4); giving up. ' +
        'Its last line before “ended unexpectedly”, above, says why. On stderr it said:\nno disk\n',
    );
    expect(output()).toContain('api.js ends');
  });

  test('does not try again what was refused by configuration', async () => {
    // Not before the worker can end in words: one that is still starting would be ended without any.
    write(
      'api',
      `import { existsSync } from 'node:fs';
      while (!existsSync('worker.js runs')) await new Promise((resolve) => setTimeout(resolve, 10));
      console.error('it cannot start:\\nPORT takes a port'); process.exit(78);`,
    );
    const { exited, output } = start({ REDIS_URL: 'redis://unused' });
    expect(await exited).toBe(78);
    expect(output()).toMatch(
      /PORT takes a port[^]*worker\.js ends[^]*\nit cannot start:\nPORT takes a port\n$/,
    );
    expect(output()).not.toContain('starting it again');
  });
});
