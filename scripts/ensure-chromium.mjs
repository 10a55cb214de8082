import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from './on-path.mjs';
import { projectRoot } from './project-root.mjs';
import { runStep } from './run-step.mjs';
import { Refusal, say } from './terminal.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const browserTests = join('tests', 'browser');
const setPathInstead =
  'or set CHROMIUM_PATH to a Chromium or Chrome; `npm test -- tests/domain` and other parts do without.';

/** Ubuntu's `chromium-browser` may be a mere pointer to a snap: only what tells its version counts. */
function isBrowser(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return /chrom(e|ium)/i.test(stdout ?? '');
}

/** The Chromium or Chrome that CHROMIUM_PATH names, or the first one on the PATH. */
export function findChromium({ CHROMIUM_PATH: named, PATH: path } = process.env) {
  const places = named ? [named] : names.map((name) => onPath(name, path));
  return places.filter((place) => place !== undefined).find(isBrowser);
}

/** What would give this machine a Chromium: commands to run, or one line of advice for a person. */
export function planChromiumInstall({ platform, isRoot, has }) {
  if (has('apt-get') && isRoot) {
    const apt = ['apt-get', '-o', 'DPkg::Lock::Timeout=120'];
    return {
      install: [...apt, 'install', '-y', '--no-install-recommends', 'chromium'],
      refresh: [...apt, 'update'],
    };
  }
  const how = has('apt-get')
    ? ' (sudo apt-get install chromium)'
    : platform === 'darwin'
      ? ' (brew install --cask chromium)'
      : '';
  return { advice: `No Chromium found for the browser tests. Install it${how} ${setPathInstead}` };
}

async function runPlan({ install, refresh }) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const [command, ...args] = install;
  // Package lists may be missing or out of date: refresh them only when nothing can be installed without.
  const simulated = spawnSync(command, [...args, '--simulate'], { env, stdio: 'ignore' });
  if (simulated.status !== 0)
    await runStep('reading the lists of packages', refresh[0], refresh.slice(1), { env });
  await runStep('installing Chromium with apt-get', command, args, { env });
}

/** Path of a Chromium; installs one when there is none and this user may. */
export async function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  if (process.env.CHROMIUM_PATH)
    throw new Refusal('CHROMIUM_PATH names no Chromium or Chrome that runs. Correct it, or leave it out.');
  const plan = planChromiumInstall({
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    has: (name) => onPath(name) !== undefined,
  });
  if (plan.advice) throw new Refusal(plan.advice);
  say('no Chromium on the PATH: installing one with apt-get (100 MB)');
  await runPlan(plan);
  const installed = findChromium();
  if (!installed) throw new Refusal(`apt-get left no Chromium on the PATH. Install one ${setPathInstead}`);
  return installed;
}

/** Whether these arguments of jest let a test under tests/browser run. */
export function needsChromium(args, root = projectRoot) {
  const patterns = args.filter((arg, index) => !arg.startsWith('-') && !takesValue.has(args[index - 1]));
  if (patterns.length === 0) return true;
  const files = readdirSync(join(root, browserTests)).map((name) => join(root, browserTests, name));
  return patterns.some((pattern) => files.some((file) => new RegExp(pattern, 'i').test(file)));
}

const takesValue = new Set(['-t', '--testNamePattern', '-w', '--maxWorkers', '--testTimeout']);
