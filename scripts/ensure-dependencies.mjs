import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.mjs';
import { runStep } from './run-step.mjs';
import { say } from './terminal.mjs';

const addon = 'node_modules/better-sqlite3/build';
const ccacheFolder = '/usr/lib/ccache';

const stampPath = (root) => join(root, 'node_modules', '.set-up');

/** Changes with the lock file and with what a compiled addon depends on: Node's ABI and the machine. */
export function dependenciesFingerprint(root = projectRoot) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const target = `${process.platform} ${process.arch} ${process.versions.modules}`;
  return createHash('sha256').update(lock).update(target).digest('hex');
}

export function stampDependencies(root = projectRoot) {
  writeFileSync(stampPath(root), dependenciesFingerprint(root));
}

/** Somebody ran `npm ci` or `npm install` by hand: npm's own record says exactly what the lock file asks for. */
function installedByHand(root) {
  const recordPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(recordPath) || !existsSync(join(root, addon, 'Release', 'better_sqlite3.node')))
    return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(recordPath, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined
      ? Boolean(entry.optional || entry.devOptional)
      : found.version === entry.version;
  });
}

function installed(root) {
  if (existsSync(stampPath(root)))
    return readFileSync(stampPath(root), 'utf8') === dependenciesFingerprint(root);
  if (!installedByHand(root)) return false;
  stampDependencies(root);
  return true;
}

function whatNpmDoes(root) {
  const compiling = existsSync(join(root, addon));
  return compiling ? 'compiling better-sqlite3 (once; about 1.5 minutes)' : 'fetching packages';
}

/** Runs `npm ci` when node_modules is missing, incomplete, or made for another lock file or another Node.js. */
export async function ensureDependencies(root = projectRoot) {
  if (installed(root)) return;
  say(
    'installing dependencies with npm ci (once; 20 s, or 2 minutes where better-sqlite3 has to be compiled)',
  );
  const path = existsSync(ccacheFolder) ? `${ccacheFolder}:${process.env.PATH}` : process.env.PATH;
  // --include=dev: under NODE_ENV=production npm would leave out the compiler that the build needs.
  await runStep('installing dependencies', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    env: { ...process.env, PATH: path },
    doing: () => whatNpmDoes(root),
  });
  stampDependencies(root);
  say('dependencies are installed');
}
