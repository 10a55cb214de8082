import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

// A shell of about 1 MB stands between this process and the child. It holds the reading end of a pipe from us: however
// we end, kill -9 included, the pipe closes and the child is told to stop. An orphaned Redis would otherwise keep
// writing the files that the next start opens.
const guard = `
exec 3<&0
"$@" 3<&- &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM
(read -r _ <&3; kill -TERM "$child"; sleep 15; kill -KILL "$child") >/dev/null 2>&1 &
watcher=$!
exec 3<&-
while :; do
  wait "$child"
  code=$?
  kill -0 "$child" 2>/dev/null || break
done
kill "$watcher" 2>/dev/null
exit "$code"
`;

/**
 * Starts a command that ends with this process. Ctrl-C at the terminal does not reach it (it has a session of its own),
 * so that we decide the order in which things stop. `exited` resolves to the exit code, 128 + n for signal n. `errors` is where
 * stderr goes, with the rest unless told.
 */
export function spawnGuarded([command, ...args], { cwd, env, output = 'inherit', errors = output } = {}) {
  const child = spawn('/bin/sh', ['-c', guard, 'guard', command, ...args], {
    cwd,
    env,
    stdio: ['pipe', output, errors],
    detached: true,
  });
  child.stdin.on('error', () => undefined); // the guard ended first
  const exited = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 128 + 9));
  });

  return {
    pid: child.pid,
    exited,
    stdout: child.stdout,
    stderr: child.stderr,
    /** SIGTERM, and SIGKILL for what still runs after `graceMs`. */
    async stop(graceMs) {
      child.kill('SIGTERM');
      const patience = new AbortController();
      const late = wait(graceMs, 'late', { signal: patience.signal }).catch(() => undefined);
      if ((await Promise.race([exited, late])) === 'late') process.kill(-child.pid, 'SIGKILL');
      patience.abort();
      return exited;
    },
  };
}
