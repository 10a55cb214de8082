import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from './project-root.mjs';
import { setUp } from './set-up.mjs';
import { runMain } from './terminal.mjs';

const checks = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'rules', command: ['eslint', '.'] },
  { name: 'format', command: ['prettier', '--check', '.'] },
  { name: 'imports', command: ['depcruise', 'src', 'sandbox', '--config', '.dependency-cruiser.cjs'] },
  { name: 'unused', command: ['knip'] },
];

function run({ name, command: [tool, ...args] }) {
  const startedAt = Date.now();
  const { status, error } = spawnSync(join(projectRoot, 'node_modules', '.bin', tool), args, {
    cwd: projectRoot,
    stdio: 'inherit',
  });
  if (error) console.error(error.message);
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5);
  return {
    failed: status !== 0,
    line: `${status === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${seconds} s`,
  };
}

async function lint() {
  await setUp();
  const results = checks.map(run);
  console.log(`\n${results.map(({ line }) => line).join('\n')}`);
  if (results.some(({ failed }) => failed)) process.exitCode = 1;
}

await runMain(lint);
