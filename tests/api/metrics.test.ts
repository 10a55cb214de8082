import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { adminToken, Product } from '../support/product.js';

const providerKey = 'sk-secret-of-the-provider';
const litellmKey = 'sk-secret-of-litellm';
const providerName = 'the "big"\\box';

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The text format, strictly: every sample has its HELP and TYPE before it, and no series comes twice. */
function parse(text: string): Sample[] {
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const seen = new Set<string>();
  const samples: Sample[] = [];
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment) {
      const [, word, name, rest] = comment as unknown as [string, string, string, string];
      if (word === 'HELP') helps.add(name);
      else {
        expect(types.has(name)).toBe(false);
        expect(rest).toMatch(/^(counter|gauge|histogram|summary)$/);
        types.set(name, rest);
      }
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (sample === null) throw new Error(`no metric: ${line}`);
    const name = sample[1]!;
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    expect({ family, typed: types.has(family), helped: helps.has(family) }).toEqual({
      family,
      typed: true,
      helped: true,
    });
    expect(seen.has(`${name}{${sample[2]}}`)).toBe(false);
    seen.add(`${name}{${sample[2]}}`);
    // What was never measured is NaN, which Prometheus reads in any case of letters.
    expect(sample[3]).toMatch(/^(-?[\d.]+(e[+-]?\d+)?|[+-]Inf|nan)$/i);
    samples.push({ name, labels: labelsOf(sample[2] ?? ''), value: Number(sample[3]) });
  }
  return samples;
}

function labelsOf(text: string): Record<string, string> {
  const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;
  const found = [...text.matchAll(label)];
  expect(found.map(([whole]) => whole).join('')).toBe(text);
  return Object.fromEntries(
    found.map(([, name, value]) => [
      name!,
      value!.replaceAll(/\\(["\\n])/g, (_, c) => (c === 'n' ? '\n' : c)),
    ]),
  );
}

describe('metrics', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let text: string;
  let samples: Sample[];

  beforeAll(async () => {
    litellm = await startLitellm({ masterKey: litellmKey });
    server = await startOpenAiCompatible({
      models: ['alpha', 'beta', 'gamma'].map((id) => openAiModel(id)),
      apiKey: providerKey,
    });
    product = await Product.start({ litellmUrl: litellm.url, litellmKey });
    const fields = { name: providerName, base_url: server.baseUrl, type: 'openai', api_key: providerKey };
    const provider = await product.addProvider(fields);
    await product.sync(provider.id);
    await product.call('PATCH', '/api/models/1', { sync_enabled: false });
    await product.call('PATCH', '/api/models/2', { tags: ['gold'] });
    server.remove('gamma');
    await product.sync(provider.id);
    await product.idle();
    text = (await product.call('GET', '/metrics')).body;
    samples = parse(text);
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  const value = (name: string, labels: Record<string, string> = {}) =>
    samples.find(
      (sample) => sample.name === `litellm_updater_${name}` && JSON.stringify(sample.labels) === JSON.stringify(labels), // prettier-ignore
    )?.value;

  test('they tell models, deployments, providers, runs, queues, workers and LiteLLM', () => {
    const provider = providerName;
    const now = Date.now() / 1_000;
    expect(value('info', { version: 'test' })).toBe(1);
    expect(value('models', { provider, state: 'active' })).toBe(1);
    expect(value('models', { provider, state: 'disabled' })).toBe(1);
    expect(value('models', { provider, state: 'orphaned' })).toBe(1);
    expect(value('modified_models', { provider })).toBe(1);
    expect(value('deployments', { state: 'in_step' })).toBeGreaterThanOrEqual(1);
    expect(value('deployments', { state: 'failed' })).toBe(0);
    expect(value('provider_up', { provider })).toBe(1);
    expect(value('provider_last_success_timestamp_seconds', { provider })! - now).toBeLessThan(60);
    expect(value('provider_sync_interval_seconds', { provider })).toBe(0);
    expect(value('runs', { kind: 'sync', state: 'done' })).toBe(2);
    expect(value('held_runs')).toBe(0);
    expect(value('queue_jobs', { queue: 'fetch-provider', state: 'completed' })).toBe(2);
    expect(value('queue_oldest_waiting_age_seconds', { queue: 'push-model' })).toBe(0);
    expect(value('workers')).toBe(1);
    expect(value('redis_up')).toBe(1);
    expect(value('destination_up')).toBe(1);
    expect(value('destination_last_listing_timestamp_seconds')! - now).toBeLessThan(60);
    expect(samples.some(({ name }) => name === 'process_cpu_seconds_total')).toBe(true);
  });

  test('they carry nothing secret and no address', () => {
    for (const secret of [providerKey, litellmKey, adminToken, 'http://', server.url, product.dataDir])
      expect(text).not.toContain(secret);
  });

  test('they are text of Prometheus, for those with a token', async () => {
    const bare = await fetch(`${product.url}/metrics`);
    expect(bare.status).toBe(401);
    const scrape = await fetch(`${product.url}/metrics`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    expect(scrape.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  });

  test('two scrapes at once do not mix', async () => {
    const texts = await Promise.all(
      Array.from({ length: 5 }, async () => (await product.call<string>('GET', '/metrics')).body),
    );
    for (const one of texts) {
      const own = parse(one).filter(({ name }) => name.startsWith('litellm_updater_'));
      expect(own.length).toBe(samples.filter(({ name }) => name.startsWith('litellm_updater_')).length);
    }
  });

  test('what is gone has no series any more', async () => {
    await product.call('DELETE', '/api/providers/1');
    await product.idle();
    const left = parse((await product.call('GET', '/metrics')).body);
    expect(left.filter(({ labels }) => labels['provider'] !== undefined)).toEqual([]);
  });
});
