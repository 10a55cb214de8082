import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntilReady } from './demo-client.mjs';
import { freePort } from './demo-stand-ins.mjs';
import { withoutProductVariables } from './product-variables.mjs';
import { projectRoot } from './project-root.mjs';
import { runProduct } from './run-product.mjs';
import { makeWorld } from './screenshot-world.mjs';
import { setUp } from './set-up.mjs';
import { smallPng } from './small-png.mjs';
import { Refusal, runMain, say } from './terminal.mjs';

const folder = join(projectRoot, 'docs', 'screenshots');
const mostBytes = 2_000_000;
const size = { width: 1280, height: 800 };
const browserArgs = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

async function takeAll({ browser, address, token, pages }) {
  let total = 0;
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ baseURL: address, viewport: size, colorScheme });
    const page = await context.newPage();
    await page.goto(`/login?token=${token}`);
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(path);
      await page.getByText('Reading the history').waitFor({ state: 'hidden' });
      await page.locator('[data-live-state="live"]').waitFor();
      const file = join(folder, `${name}-${colorScheme}.png`);
      const picture = smallPng(await page.screenshot({ animations: 'disabled' }));
      writeFileSync(file, picture);
      total += picture.length;
    }
    await context.close();
  }
  return total;
}

async function screenshots() {
  const { redisServer, chromiumPath } = await setUp({ build: true, redis: true, chromium: true });
  const { chromium } = await import('playwright-core');
  const stops = [];
  try {
    const dataDir = mkdtempSync(join(tmpdir(), 'litellm-updater-screenshots-'));
    stops.push(() => rmSync(dataDir, { recursive: true, force: true }));
    const world = await makeWorld();
    stops.push(() => world.stop());
    const token = randomBytes(16).toString('hex');
    const port = await freePort();
    const address = `http://127.0.0.1:${port}`;
    const output = openSync(join(dataDir, 'output.log'), 'a', 0o600);
    stops.push(() => closeSync(output));
    const env = {
      ...withoutProductVariables(),
      NODE_ENV: 'production',
      DATA_DIR: dataDir,
      PORT: String(port),
      ADMIN_TOKEN: token,
      LITELLM_URL: world.litellm.url,
      LITELLM_API_KEY: world.litellm.masterKey,
    };
    const product = await runProduct({ env, redisServer, output });
    stops.push(() => product.stop());
    await waitUntilReady(address);
    say('the product runs; giving it a day to show');
    const pages = await world.live({ address, token, dataDir });
    const browser = await chromium.launch({ executablePath: chromiumPath, args: browserArgs });
    stops.push(() => browser.close());
    mkdirSync(folder, { recursive: true });
    const total = await takeAll({ browser, address, token, pages });
    say(`${Object.keys(pages).length * 2} pictures in docs/screenshots, ${Math.round(total / 1_000)} kB`);
    if (total > mostBytes) throw new Refusal(`They may have ${mostBytes / 1_000} kB in all: take fewer.`);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

await runMain(screenshots);
process.exit();
