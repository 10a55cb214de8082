import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { lockDataFolder } from './data-folder-lock.mjs';
import { ensureNode } from './ensure-node.mjs';
import { projectRoot } from './project-root.mjs';
import { readEnvironment } from './read-environment.mjs';
import { setUp } from './set-up.mjs';
import { runMain } from './terminal.mjs';

/** As `npm start` finds them: the same .env, the same data folder, whose lock keeps a start from running meanwhile. */
async function rotate() {
  ensureNode();
  const env = readEnvironment();
  const unlock = lockDataFolder(env.DATA_DIR);
  // Ctrl-C reaches the command as well; it is safe at any point, and this script only waits for its end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  try {
    await setUp({ build: true });
    const child = spawn(process.execPath, [join('dist', 'src', 'main', 'rotate-secret-key.js')], {
      cwd: projectRoot,
      env,
      stdio: 'inherit',
    });
    const [code] = await once(child, 'exit');
    process.exitCode = code ?? 1;
  } finally {
    unlock();
  }
}

await runMain(rotate);
