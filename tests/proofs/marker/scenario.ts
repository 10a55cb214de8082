import { expect } from '@jest/globals';
import type { LitellmStandIn } from '../../../sandbox/litellm/start-litellm.js';
import type { OpenAiCompatibleStandIn } from '../../../sandbox/openai-compatible.js';
import { openAiModel } from '../../../sandbox/openai-models.js';
import { pages } from '../../../src/api/pages/pages.js';
import type { Part } from '../../support/processes.js';
import { until } from '../../support/until.js';
import type { Collected } from './collected.js';
import { echoes, type EchoServer } from './echo-server.js';
import type { Markers } from './markers.js';

interface Servers {
  litellm: LitellmStandIn;
  server: OpenAiCompatibleStandIn;
  echo: EchoServer;
}

/** What people and servers do with keys, rightly and wrongly. */
export class Scenario {
  readonly #collected: Collected;
  readonly #markers: Markers;
  readonly #servers: Servers;

  constructor(collected: Collected, markers: Markers, servers: Servers) {
    this.#collected = collected;
    this.#markers = markers;
    this.#servers = servers;
  }

  async started(path: string) {
    const { id } = (await this.#collected.send('POST', path)).body;
    return until(`the end of run ${id} (${path})`, async () => {
      const { body } = await this.#collected.send('GET', `/api/runs/${id}`);
      return ['waiting', 'running'].includes(body.state) || body.outcome.pushes.pending > 0
        ? undefined
        : body;
    });
  }

  async provider(name: string, fields: Record<string, unknown>) {
    const { status, body } = await this.#collected.json('POST', '/api/providers', {
      name,
      type: 'openai',
      ...fields,
    });
    expect([name, status]).toEqual([name, 201]);
    return body.id as number;
  }

  async logins() {
    const form = (place: string) => new URLSearchParams({ token: this.#key(place) });
    await this.#collected.send('POST', '/login', form('login form'), { authorization: '' });
    await this.#collected.send('GET', `/login?${form('login URL').toString()}`, undefined, {
      authorization: '',
    });
    await this.#collected.send('POST', '/login', form('ADMIN_TOKEN'), { authorization: '' });
    await this.#collected.send('GET', `/login?${form('ADMIN_TOKEN').toString()}`, undefined, {
      authorization: '',
    });
    for (const scheme of ['Bearer', 'Basic', 'Odd'])
      await this.#collected.send('GET', '/api/providers', undefined, {
        authorization: `${scheme} ${this.#key(`wrong ${scheme} token`)}`,
      });
    const cookie = `litellm_updater_session=1.0.${this.#key('session cookie', '')}`;
    await this.#collected.send('GET', '/api/providers', undefined, { authorization: '', cookie });
  }

  /** What must not be taken at all, keys and all. */
  async refusals(good: number) {
    const inUrl = encodeURIComponent(this.#key('password in a base_url'));
    const refused = async (method: string, path: string, sent: unknown) => {
      const { status } = await this.#collected.json(method, path, sent);
      expect([method, path, status]).toEqual([method, path, 422]);
    };
    for (const base_url of [`http://user:${inUrl}@127.0.0.1:9/v1`, `${inUrl}@127.0.0.1:9`]) {
      await refused('POST', '/api/providers', { name: 'refused', type: 'openai', base_url });
      await refused('PATCH', `/api/providers/${good}`, { base_url });
      await refused('PATCH', `/api/providers/${good}`, { litellm_base_url: base_url });
      await refused('PATCH', '/api/settings', { litellm_base_url: base_url });
    }
    for (const base_url of [`http://user:${inUrl}@127.0.0.1:9`, `http://127.0.0.1:9/v1?key=${inUrl}`])
      await this.#collected.json('POST', '/api/providers/test-connection', { type: 'openai', base_url });
    const { body } = await this.#collected.send('GET', '/api/models?search=alpha');
    for (const params of [
      { aws_secret_access_key: this.#key('user_params') },
      { extra_headers: { Authorization: `Bearer ${this.#key('header in user_params')}` } },
      { extra_headers: { 'x-upstream': `Bearer ${this.#key('value in user_params', '')}` } },
    ])
      await refused('PATCH', `/api/models/${body.items[0].id}`, { params });
    const api_key = `${this.#key('key with a blank')} x`;
    await refused('PATCH', `/api/providers/${good}`, { name: 'good', api_key });
  }

  /** A provider that repeats its key in every way it can; the last one is tried again and again. */
  async echoing(parts: Part[]) {
    this.#servers.echo.manner = 'json401';
    const form = await this.#collected.send(
      'POST',
      '/api/providers',
      new URLSearchParams({
        name: 'form',
        type: 'openai',
        base_url: this.#servers.echo.url,
        api_key: this.#key('api_key of a form'),
      }),
    );
    expect(form.status).toBe(201);
    const id = await this.provider('echo', {
      base_url: this.#servers.echo.url,
      prefix: 'echo',
      api_key: this.#key('api_key that was replaced'),
    });
    await this.#collected.json('PATCH', `/api/providers/${id}`, { api_key: this.#key('api_key of a patch') });
    const slow = new Set(['json429', 'json500', 'json503', 'models']);
    for (const manner of Object.keys(echoes) as (keyof typeof echoes)[]) {
      this.#servers.echo.manner = manner;
      await this.#collected.json('POST', '/api/providers/test-connection', { provider_id: id });
      await this.#collected.json('POST', '/api/providers/test-connection', {
        base_url: this.#servers.echo.url,
        type: 'openai',
        api_key: this.#key('api_key of a test'),
      });
      if (!slow.has(manner))
        for (const each of [id, form.body.id]) await this.started(`/api/providers/${each}/sync`);
    }
    this.#servers.echo.manner = 'models';
    await this.started(`/api/providers/${id}/sync`);
    for (const manner of ['json500', 'json503', 'json429'] as const) {
      this.#servers.echo.manner = manner;
      const before = this.#servers.echo.calls;
      await this.#collected.send('POST', `/api/providers/${form.body.id}/sync`);
      await until(`an answer ${manner}`, () => this.#servers.echo.calls > before);
    }
    await until('a retried job', () => parts[1]?.output().includes('job retried'));
    this.#servers.echo.manner = 'json401';
  }

  /** LiteLLM repeats what it got, its own key included; then the key is wrong; then it is another server. */
  async destinationTroubles(good: number) {
    const got = `${this.#key('LITELLM_API_KEY')} and ${this.#key('api_key of a new provider')}`;
    const detail = [
      { loc: ['body', 'litellm_params', 'api_key'], msg: `bad: ${got}`, input: { api_key: got } },
    ];
    const bodies: [number, unknown][] = [
      [400, { error: { message: `{'error': 'cannot take ${got}'}`, param: got } }],
      [422, { detail }],
      [500, { error: `failed with ${got}` }],
      [403, { detail: { error: got } }],
    ];
    for (const [index, [status, body]] of bodies.entries()) {
      const headers = { 'x-echo': encodeURIComponent(got) };
      this.#servers.litellm.faults.add({
        method: 'POST',
        path: '/model/new',
        times: 1,
        behaviour: { kind: 'status', status, body, headers },
      });
      this.#servers.server.add(openAiModel(`more-${index}`));
      await this.started(`/api/providers/${good}/sync`);
      await this.#collected.send('POST', '/api/models/bulk', JSON.stringify({ action: 'push', filter: {} }));
    }
    await this.started('/api/reconcile');
    await this.#collected.json('PATCH', '/api/settings', {
      litellm_api_key: this.#key('litellm_api_key in JSON'),
    });
    await this.#collected.send(
      'POST',
      '/api/settings',
      new URLSearchParams({ litellm_api_key: this.#key('litellm_api_key in a form') }),
    );
    await this.started('/api/reconcile');
    await this.#collected.json('PATCH', '/api/settings', { litellm_api_key: this.#key('LITELLM_API_KEY') });
    await this.started('/api/reconcile');
    await this.#collected.json('PATCH', `/api/providers/${good}`, {
      api_key: this.#key('api_key of a second patch'),
      tags: ['x'],
    });
    expect((await this.started(`/api/providers/${good}/sync`)).state).toBe('failed');
    await this.#collected.json('PATCH', `/api/providers/${good}`, {
      api_key: this.#key('api_key of a new provider'),
    });
    expect((await this.started(`/api/providers/${good}/sync`)).state).toBe('done');
    expect(
      (await this.#collected.json('POST', '/api/tokens', { name: 'by hand', scope: 'admin' })).status,
    ).toBe(201);
  }

  /** Everything that can be looked at and is no declared route: documents, pages, Bull Board with every job. */
  async look() {
    const { body: document } = await this.#collected.send('GET', '/openapi.json');
    const documented = Object.entries(document.paths as Record<string, object>)
      .filter(([, operations]) => 'get' in operations)
      .map(([path]) => path);
    const html = { accept: 'text/html' };
    for (const path of [...documented, ...pages.flatMap((page) => page.paths), '/', '/login', '/docs']) {
      for (const id of path.includes('{') || path.includes(':') ? [1, 2, 3] : ['']) {
        const actual = path.replace(/\{\w+\}|:\w+/g, String(id));
        await this.#collected.send('GET', actual);
        await this.#collected.send('GET', actual, undefined, html);
      }
    }
    await this.#collected.send('GET', '/admin/queues/', undefined, html);
    const { body: board } = await this.#collected.send('GET', '/admin/queues/api/queues');
    for (const { name } of board.queues as { name: string }[]) {
      for (const status of ['latest', 'completed', 'failed', 'delayed', 'waiting', 'active']) {
        const query = `activeQueue=${name}&status=${status}&page=1&jobsPerPage=100`;
        const { body } = await this.#collected.send('GET', `/admin/queues/api/queues?${query}`);
        const queue = body.queues.find((each: { name: string }) => each.name === name);
        for (const { id } of queue.jobs.slice(0, 20) as { id: string }[]) {
          await this.#collected.send('GET', `/admin/queues/api/queues/${name}/${encodeURIComponent(id)}`);
          await this.#collected.send(
            'GET',
            `/admin/queues/api/queues/${name}/${encodeURIComponent(id)}/logs`,
          );
        }
      }
    }
  }

  #key(place: string, signs?: string): string {
    return this.#markers.plant(place, signs);
  }
}
