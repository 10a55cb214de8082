import { spawn } from 'node:child_process';
import { mkdtempSync, createWriteStream, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { Refusal, say } from './terminal.mjs';

const progressEveryMs = 15_000;
const tailLines = 40;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs one command quietly: its output goes to a log, a line every 15 s says what `doing()` returns, and a failure
 * prints the log's tail and throws a Refusal that names the log.
 */
export async function runStep(what, command, args, { cwd, env = process.env, doing = () => what } = {}) {
  const logPath = join(mkdtempSync(join(tmpdir(), 'litellm-updater-')), 'output.log');
  const log = createWriteStream(logPath);
  const tail = [];
  const keep = (chunk) => {
    log.write(chunk);
    tail.push(...chunk.toString().split('\n').filter(Boolean));
    tail.splice(0, tail.length - tailLines);
  };

  const startedAt = Date.now();
  const progress = setInterval(() => {
    say(`  … ${doing()} (${Math.round((Date.now() - startedAt) / 1000)} s so far)`);
  }, progressEveryMs);
  const failure = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    // An install that goes on alone would fight with the next one over the same folder.
    for (const signal of stopSignals) process.once(signal, endTogether);
    function endTogether(signal) {
      child.kill('SIGTERM');
      child.once('close', () => process.exit(signal === 'SIGINT' ? 130 : 143));
    }
    child.once('close', () => {
      for (const signal of stopSignals) process.off(signal, endTogether);
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : `exit code ${code ?? signal}`));
  });
  clearInterval(progress);
  log.end();
  await finished(log);

  if (failure === undefined) {
    rmSync(dirname(logPath), { recursive: true, force: true });
    return;
  }
  process.stderr.write(`\n${tail.join('\n')}\n`);
  throw new Refusal(
    `${what} failed (${failure}): ${[command, ...args].join(' ')}\nIts whole output is in ${logPath}. Running the same command again is safe.`,
  );
}
