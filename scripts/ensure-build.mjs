import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.mjs';
import { runStep } from './run-step.mjs';
import { say } from './terminal.mjs';

const sourceFolders = ['src', 'sandbox'];

const stampPath = (root) => join(root, 'dist', '.built');

function sourceFiles(root) {
  const inFolders = sourceFolders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
    );
  const settings = readdirSync(root)
    .filter((name) => /^tsconfig.*\.json$/.test(name))
    .map((name) => join(root, name));
  return [...inFolders, ...settings, join(root, 'package-lock.json')].sort();
}

/** Changes when a source file is edited, added, removed or replaced by an older one. */
export function sourceFingerprint(root = projectRoot) {
  const hash = createHash('sha256');
  for (const path of sourceFiles(root)) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

export function stampBuild(root = projectRoot, fingerprint = sourceFingerprint(root)) {
  writeFileSync(stampPath(root), fingerprint);
}

/** Runs the TypeScript compiler when `dist` is missing or older than what it was made from. */
export async function ensureBuild(root = projectRoot) {
  // Taken before the compiler reads: a file saved meanwhile makes the build stale, not wrongly fresh.
  const fingerprint = sourceFingerprint(root);
  if (existsSync(stampPath(root)) && readFileSync(stampPath(root), 'utf8') === fingerprint) return;
  say('building');
  await runStep(
    'building',
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
    {
      cwd: root,
    },
  );
  const samples = join('sandbox', 'samples');
  if (existsSync(join(root, samples))) {
    cpSync(join(root, samples), join(root, 'dist', samples), { recursive: true });
  }
  stampBuild(root, fingerprint);
}
