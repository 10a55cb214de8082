import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needsChromium } from './ensure-chromium.mjs';
import { startPrivateRedis } from './private-redis.mjs';
import { withoutProductVariables } from './product-variables.mjs';
import { projectRoot } from './project-root.mjs';
import { setUp } from './set-up.mjs';
import { runMain } from './terminal.mjs';

/** Jest's own counts; a file that could not run at all counts as one failure. */
function countResults(path) {
  try {
    const results = JSON.parse(readFileSync(path, 'utf8'));
    return {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function runJest(args, env) {
  return new Promise((resolve, reject) => {
    const jest = spawn(
      process.execPath,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
        ...args,
      ],
      { cwd: projectRoot, env, stdio: 'inherit' },
    );
    jest.on('error', reject);
    jest.on('exit', (code) => resolve(code ?? 1));
  });
}

async function test() {
  const ownArgs = process.argv.slice(2);
  const { redisServer, chromiumPath } = await setUp({
    build: true,
    redis: true,
    chromium: needsChromium(ownArgs),
  });
  process.on('SIGINT', () => undefined); // Ctrl-C ends jest; then we still clear up
  const folder = mkdtempSync(join(tmpdir(), 'litellm-updater-tests-'));
  const redis = await startPrivateRedis({
    dir: join(folder, 'redis'),
    persistent: false,
    binary: redisServer,
  });
  try {
    // A developer's own settings must reach no test: not their Redis, not their LiteLLM.
    const env = {
      ...withoutProductVariables(),
      NODE_ENV: 'test',
      REDIS_URL: redis.url,
      ...(chromiumPath && { CHROMIUM_PATH: chromiumPath }),
    };
    const resultsPath = join(folder, 'results.json');
    const args = ['--json', `--outputFile=${resultsPath}`, ...ownArgs];
    const code = await runJest(args, env);
    const { passed, failed } = countResults(resultsPath);
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = code;
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await runMain(test);
