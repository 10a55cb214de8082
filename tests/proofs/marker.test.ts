import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { routes } from '../../src/api/routes.js';
import { Installation } from '../support/processes.js';
import { Collected } from './marker/collected.js';
import { RouteDriver } from './marker/drive-routes.js';
import { startEchoServer, type EchoServer } from './marker/echo-server.js';
import { Markers } from './marker/markers.js';
import { Scenario } from './marker/scenario.js';

/**
 * A key is planted in every place that takes one; then every route, job and failure is driven, and everything that comes
 * out is searched: answers and their headers, logs, Redis, the database's rows and bytes.
 */
describe('no key comes out anywhere', () => {
  const markers = new Markers();
  const key = (place: string, signs?: string) => markers.plant(place, signs);
  let address = '';
  const collected = new Collected(markers, () => address);
  let [litellm, server, echo]: [LitellmStandIn, OpenAiCompatibleStandIn, EchoServer] = [] as never;
  let installation: Installation;
  let driver: RouteDriver;
  let [tables, files, redisKeys]: [string[], string[], number] = [[], [], 0];

  beforeAll(async () => {
    litellm = await startLitellm({ masterKey: key('LITELLM_API_KEY') });
    server = await startOpenAiCompatible({
      models: ['alpha', 'beta'].map((id) => openAiModel(id)),
      apiKey: key('api_key of a new provider'),
    });
    echo = await startEchoServer();
    installation = new Installation({
      LITELLM_URL: litellm.url,
      LITELLM_API_KEY: key('LITELLM_API_KEY'),
      ADMIN_TOKEN: key('ADMIN_TOKEN'),
      SECRET_KEY: key('SECRET_KEY'),
      LOG_LEVEL: 'debug',
    });
    const parts = [await installation.startApi(), await installation.startWorker()];
    address = /"address":"(http:[^"]+)"/.exec(parts[0]?.output() ?? '')?.[1] ?? '';
    await collected.send('GET', '/api/events');

    const scenario = new Scenario(collected, markers, { litellm, server, echo });
    const look = () => scenario.look();
    await scenario.logins();
    const good = await scenario.provider('good', {
      base_url: server.baseUrl,
      api_key: key('api_key of a new provider'),
    });
    await scenario.started(`/api/providers/${good}/sync`);
    await scenario.refusals(good);
    await scenario.echoing(parts);
    await scenario.destinationTroubles(good);
    await look();
    driver = new RouteDriver(collected, markers, samples());
    await driver.drive(routes);
    await look();
    redisKeys = await collected.redis(installation.prefix);
    collected.files(installation.dataDir, 'running');
    collected.close();
    for (const part of parts) await part.end('SIGTERM');
    for (const part of parts) collected.add('log', part.output());
    tables = collected.tables(join(installation.dataDir, 'models.db'));
    files = collected.files(installation.dataDir, 'stopped');
  }, 300_000);

  afterAll(async () => {
    collected.close();
    await installation.destroy();
    await Promise.all([server.close(), litellm.close(), echo.close()]);
  });

  function samples() {
    return {
      name: (count: number) => `driven-${count}`,
      prefix: (count: number) => `driven-${count}`,
      type: 'openai',
      base_url: echo.url,
      litellm_base_url: litellm.url,
      params: { temperature: 0.1 },
      user_params: { temperature: 0.2 },
      expires_at: '2099-01-01T00:00:00Z',
      sync_interval_seconds: 3_600,
      provider_id: 1,
      ids: [1, 2],
    };
  }

  test('none', () => {
    const leaks = collected.leaks().map(({ place, form, where }) => `${place}, in ${form}: ${where}`);
    expect([...new Set(leaks)].slice(0, 50)).toEqual([]);
  });

  test('the keys were used: servers got them, so they were there to be leaked', () => {
    expect(litellm.rows().length + litellm.writes.length).toBeGreaterThan(5);
    expect(echo.calls).toBeGreaterThan(20);
    expect(markers.places().length).toBeGreaterThan(100);
  });

  test('every declared route was driven, and answered with something else than "not there"', () => {
    const silent = routes.flatMap(({ method, paths }) =>
      paths
        .filter((path) => {
          const statuses = [...(driver.statuses.get(`${method.toUpperCase()} ${path}`) ?? [])];
          return !statuses.some((status) => status !== 404 && (status < 500 || status === 502));
        })
        .map((path) => `${method} ${path}`),
    );
    expect(silent).toEqual([]);
  });

  test('what came out was all of it: answers, streams, logs, Redis, rows and bytes', () => {
    const text = (where: RegExp) =>
      collected.pieces
        .filter((piece) => where.test(piece.where))
        .map((piece) => piece.text)
        .join('\n');
    expect(text(/^stream of GET \/api\/events/)).toContain('event:');
    expect(text(/^GET \/metrics → 200/)).toContain('# HELP');
    expect(text(/^log$/)).toMatch(/"process":"api"[^]*"process":"worker"/);
    for (const words of ['job done', 'job failed', 'job retried', 'job postponed'])
      expect(text(/^log$/)).toContain(words);
    expect(text(/^Redis hash/)).toContain('fetch-provider');
    expect(text(/^GET \/admin\/queues\/api/)).toContain('failedReason');
    expect(redisKeys).toBeGreaterThan(20);
    expect(tables).toEqual(
      expect.arrayContaining(['api_tokens', 'audit_events', 'job_runs', 'settings', 'sync_runs']),
    );
    expect(files).toContain('models.db');
    expect(text(/^file .*\(running\)/)).toContain('SQLite format 3');
    expect(text(/^file models.db-wal/).length).toBeGreaterThan(0);
  });

  test('a key that did come out would be found, in whatever form and place', () => {
    for (const place of markers.places()) {
      const planted = markers.text(place);
      const forms = [
        planted,
        JSON.stringify({ deep: JSON.stringify(planted) }),
        encodeURIComponent(planted),
        Buffer.from(`Bearer ${planted}`).toString('base64'),
        Buffer.from(`x${planted}`).toString('base64url'),
        Buffer.from(`xy${planted}`).toString('base64'),
        `${planted.slice(0, -6)}…`,
        `…${planted.slice(-16, -4)}`,
      ];
      for (const form of forms) {
        const control = new Collected(markers, () => address);
        control.add('control', `{"detail":"before ${form} after"}`);
        expect(control.leaks()).toEqual([expect.objectContaining({ place, where: 'control' })]);
      }
    }
  });
});
