import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followRuns, requestJson, waitUntilReady } from './demo-client.mjs';
import { freePort, startStandIns } from './demo-stand-ins.mjs';
import { withoutProductVariables } from './product-variables.mjs';
import { runProduct } from './run-product.mjs';
import { setUp } from './set-up.mjs';
import { stopRequested } from './stop-signals.mjs';
import { Refusal, runMain, say } from './terminal.mjs';

const defaultPort = 4001;
const logTailBytes = 4_000;

/** The product's settings for the demo: none of the user's own, so that it can touch nothing of theirs. */
function demoEnvironment({ dataDir, port, token, standIns }) {
  return {
    ...withoutProductVariables(),
    NODE_ENV: 'production',
    DATA_DIR: dataDir,
    PORT: String(port),
    ADMIN_TOKEN: token,
    LITELLM_URL: standIns.litellm,
    LITELLM_API_KEY: standIns.litellm_key,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
  };
}

async function firstSync({ address, token, standIns }) {
  const providers = [
    // Without the grace of an hour, so that a removed model is seen to go.
    {
      name: 'ollama-box',
      base_url: standIns.ollama,
      type: 'ollama',
      prefix: 'ollama-box',
      grace_misses: 1,
      grace_seconds: 0,
    },
    { name: 'openai-box', base_url: standIns.openai, type: 'openai', prefix: 'openai-box' },
  ];
  for (const provider of providers) {
    await requestJson(`${address}/api/providers`, { method: 'POST', token, body: provider });
    say(`added provider ${provider.name}: ${provider.type} at ${provider.base_url}`);
  }
  say('first sync:');
  const names = providers.map(({ name }) => name);
  const runs = await followRuns({
    address,
    token,
    wanted: (items) => {
      const latest = names.map((name) =>
        items.find((run) => run.provider_name === name && run.state !== 'superseded'),
      );
      return latest.includes(undefined) ? undefined : latest;
    },
  });
  const failed = runs.find(({ outcome }) => outcome?.pushes?.failed > 0);
  if (failed)
    throw new Refusal(
      `${failed.outcome.pushes.failed} models of ${failed.provider_name} did not reach LiteLLM.`,
    );
}

async function showLiteLlm(standIns) {
  const { data } = await requestJson(`${standIns.litellm}/v1/models`, { token: standIns.litellm_key });
  if (data.length === 0) throw new Refusal('LiteLLM lists no model after the first sync.');
  say(`LiteLLM now serves ${data.length} models:`);
  const names = data.map(({ id }) => id).sort();
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const columns = Math.max(1, Math.floor((process.stdout.columns ?? 100) / (width + 8)));
  const rows = Math.ceil(names.length / columns);
  for (let row = 0; row < rows; row += 1) {
    const cells = names.filter((_, index) => index % rows === row).map((name) => name.padEnd(width));
    console.log(`          ${cells.join('')}`.trimEnd());
  }
}

/** The promise of the product in one line: what did not change costs nothing. */
async function secondSync({ address, token }) {
  const { runs: started } = await requestJson(`${address}/sync`, { method: 'POST', token });
  const ids = started.map(({ id }) => id);
  say('second sync, nothing changed:');
  const runs = await followRuns({
    address,
    token,
    wanted: (items) => {
      const found = items.filter(({ id }) => ids.includes(id));
      return found.length === ids.length ? found : undefined;
    },
  });
  const sum = (field) => runs.reduce((total, { outcome }) => total + outcome[field], 0);
  const [writes, details] = [sum('writes'), sum('detail_calls')];
  const line = `${runs.length} syncs, ${writes} writes to LiteLLM, ${details} detail calls to the providers`;
  if (runs.length === 0 || writes !== 0 || details !== 0) {
    throw new Refusal(`The second sync should have written and asked for nothing, but: ${line}.`);
  }
  say(`  ${line}`);
}

async function showWhatToTry({ address, token, standIns }) {
  const { models } = await requestJson(`${standIns.ollama}/api/tags`);
  const name = models[0].name;
  console.log(`
  LiteLLM Updater   ${address}/login?token=${token}
  LiteLLM           ${standIns.litellm}   (stand-in, key ${standIns.litellm_key})

  To play, in another terminal: remove a model at its server, sync, and look.

    curl -X DELETE ${standIns.ollama}/__sandbox/models/${encodeURIComponent(name)}
    curl -X POST -H 'Authorization: Bearer ${token}' ${address}/sync
    curl -H 'Authorization: Bearer ${standIns.litellm_key}' ${standIns.litellm}/v1/models

  Ctrl-C ends the demo and removes its data.
`);
}

function showLogTail(path) {
  const tail = readFileSync(path, 'utf8').slice(-logTailBytes);
  process.stderr.write(`\nThe last lines that api and worker logged:\n${tail}\n`);
}

/** Stops what was started, last first. Stopping goes on when one of them fails. */
async function stopAll(started) {
  for (const stop of started.reverse()) {
    try {
      await stop();
    } catch (error) {
      console.error(error);
    }
  }
}

async function demo() {
  const once = process.argv.includes('--once');
  const { redisServer } = await setUp({ build: true, redis: true });
  const stop = stopRequested();
  const started = [];
  try {
    const dataDir = mkdtempSync(join(tmpdir(), 'litellm-updater-demo-'));
    started.push(() => rmSync(dataDir, { recursive: true, force: true }));

    const standIns = await startStandIns();
    started.push(() => standIns.stop());
    say('started stand-ins for an Ollama server, an OpenAI-compatible server and LiteLLM');

    const wantedPort = Number(process.env.PORT) || defaultPort;
    const port = await freePort(wantedPort);
    if (port !== wantedPort) say(`port ${wantedPort} is taken; using ${port}`);
    const address = `http://127.0.0.1:${port}`;
    const token = randomBytes(16).toString('hex');

    const logPath = join(dataDir, 'output.log');
    const output = openSync(logPath, 'a', 0o600);
    started.push(() => closeSync(output));
    const env = demoEnvironment({ dataDir, port, token, standIns });
    const product = await runProduct({ env, redisServer, output });
    started.push(() => product.stop());

    const tour = async () => {
      await waitUntilReady(address);
      say(`api and worker are ready at ${address}; their log is ${logPath}`);
      await firstSync({ address, token, standIns });
      await showLiteLlm(standIns);
      await secondSync({ address, token });
      if (once) return;
      await showWhatToTry({ address, token, standIns });
      await stop;
    };
    try {
      const ending = await Promise.race([tour(), stop, product.failed]);
      if (ending instanceof Refusal) throw ending;
    } catch (error) {
      showLogTail(logPath);
      throw error;
    }
  } finally {
    say('stopping');
    await stopAll(started);
  }
}

await runMain(demo);
process.exit();
