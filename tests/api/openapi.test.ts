import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp } from '../../src/api/app.js';
import { Gate } from '../../src/api/auth.js';
import { pages } from '../../src/api/pages/pages.js';
import { routes } from '../../src/api/routes.js';
import { adminToken, Product } from '../support/product.js';
import { ApiDocument } from './contract-document.js';

interface Layer {
  route?: { path: string | string[]; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

describe('the OpenAPI document', () => {
  let product: Product;
  let document: ApiDocument;

  beforeAll(async () => {
    product = await Product.start({ worker: false });
    document = await ApiDocument.of(product);
  });
  afterAll(() => product.stop());

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(product.url + path, {
      headers: { authorization: `Bearer ${adminToken}`, ...headers },
      redirect: 'manual',
    });

  /** Every object in it, with the way there. */
  function* objects(value: unknown, way: string[] = []): Generator<[string[], Record<string, unknown>]> {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) yield [way, value as Record<string, unknown>];
    for (const [key, inner] of Object.entries(value)) yield* objects(inner, [...way, key]);
  }

  test('says what it is', () => {
    const { openapi, info, servers, security, tags, components } = document.json;
    expect(openapi).toBe('3.1.0');
    expect(info).toMatchObject({
      title: 'LiteLLM Updater',
      version: 'test',
      description: expect.any(String),
    });
    expect(servers).toEqual([{ url: '/' }]);
    const schemes = Object.keys(components.securitySchemes).sort();
    expect(security.flatMap(Object.keys).sort()).toEqual(schemes);
    const named = new Set(tags.map((tag: { name: string }) => tag.name));
    for (const operation of document.operations as any[])
      for (const tag of operation.tags) expect(named).toContain(tag);
  });

  test('every operation has an id of its own, a summary, and a success', () => {
    const ids = document.operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operationId, summary, responses } of document.operations as any[]) {
      expect(operationId).toMatch(/^\w+$/);
      expect([operationId, summary]).toEqual([operationId, expect.stringMatching(/\S/)]);
      expect(Object.keys(responses)).toContainEqual(expect.stringMatching(/^2/));
      for (const response of Object.values<any>(responses)) expect(response.description).toMatch(/\S/);
    }
  });

  test('every parameter of a path is declared and required, and no other; none is declared twice', () => {
    for (const { path, parameters, operationId } of document.operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = parameters.filter((each) => each.in === 'path');
      expect([operationId, declared.map(({ name }) => name)]).toEqual([operationId, named]);
      expect(declared.every(({ required }) => required === true)).toBe(true);
      const all = parameters.map((each) => `${each.in} ${each.name}`);
      expect([operationId, new Set(all).size]).toEqual([operationId, all.length]);
      for (const { schema } of parameters) expect(Object.keys(schema).length).toBeGreaterThan(0);
    }
  });

  test('every reference leads to something, and every component is referred to', () => {
    const references = new Set<string>();
    for (const [, { $ref }] of objects(document.json)) if (typeof $ref === 'string') references.add($ref);
    for (const reference of references) {
      const steps = reference.replace(/^#\//, '').split('/');
      const found = steps.reduce<any>((value, step) => value?.[step], document.json);
      expect([reference, typeof found]).toEqual([reference, 'object']);
    }
    const components = Object.keys(document.json.components.schemas);
    expect(components.map((name) => `#/components/schemas/${name}`).sort()).toEqual([...references].sort());
    expect(components.every((name) => /^[A-Z]\w+$/.test(name))).toBe(true);
  });

  test('every schema compiles', () => {
    const ways = [...objects(document.json)].flatMap(([way, { schema }]) =>
      typeof schema === 'object' && way.at(-1) !== 'properties' ? [[...way, 'schema']] : [],
    );
    expect(ways.length).toBeGreaterThan(300);
    for (const way of ways) expect(typeof document.validator(...way)).toBe('function');
    for (const name of Object.keys(document.json.components.schemas))
      expect(typeof document.validator('components', 'schemas', name)).toBe('function');
  });

  test('an answer with an unknown field is against it: the document keeps nothing open by accident', () => {
    const check = document.validator('components', 'schemas', 'Problem');
    const problem = { type: 'about:blank', title: 'x', status: 400, detail: 'x' };
    expect([check(problem), check({ ...problem, stack: 'x' })]).toEqual([true, false]);
  });

  test('it has every route of the app under every name, but what is made for browsers', () => {
    const routesOf = (stack: Layer[]): string[] =>
      stack.flatMap(({ route, handle }) => {
        if (route === undefined) return routesOf(handle.stack ?? []);
        const methods = Object.keys(route.methods).filter((method) => method !== '_all');
        return methods.flatMap((method) => [route.path].flat().map((path) => `${method} ${path}`));
      });
    const gate = new Gate({
      adminToken,
      sessionKey: 'x',
      tokens: product.stores.tokens,
      now: () => new Date(),
    });
    const { router } = createApp(product.apiServices, gate) as unknown as { router: { stack: Layer[] } };
    const forBrowsers =
      /^get \/static\/|^(get|post) \/login$|^post \/logout$|^get \/docs($|\/)|^get \/$|^\w+ \/admin\/queues/;
    const ofBoard = new Set(
      routesOf(router.stack).filter((each) => /^\w+ \/(api\/queues|queue|static)\b/.test(each)),
    );
    const ofPages = new Set(pages.flatMap(({ paths }) => paths).map((path) => `get ${path}`));
    const declared = new Set(routes.flatMap(({ method, paths }) => paths.map((path) => `${method} ${path}`)));
    const documented = new Set(
      document.operations.map(
        ({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ),
    );
    const wanted = routesOf(router.stack).filter(
      (each) => declared.has(each) || !(forBrowsers.test(each) || ofBoard.has(each) || ofPages.has(each)),
    );
    expect(declared.size).toBeGreaterThan(70);
    expect(wanted).toEqual(
      expect.arrayContaining([...declared, 'get /livez', 'get /metrics', 'get /api/events']),
    );
    expect([...documented].sort()).toEqual([...new Set(wanted)].sort());
  });

  test('a path that is not the name of its route is marked, and says which to prefer', () => {
    for (const { method, paths } of routes) {
      const [name, ...others] = paths.map((path) => path.replaceAll(/:(\w+)/g, '{$1}'));
      for (const path of others) {
        const operation = document.json.paths[path][method];
        // Another route may be called so.
        if (routes.some((route) => route.method === method && route.paths[0] === paths[1])) continue;
        expect(operation).toMatchObject({ deprecated: true, tags: ['other names'] });
      }
      expect([name, document.json.paths[name!][method].deprecated]).toEqual([name, undefined]);
    }
  });

  test('it needs a login, and so do its page and assets', async () => {
    for (const path of [
      '/openapi.json',
      '/docs',
      '/docs/start.js',
      '/docs/page.css',
      '/docs/assets/swagger-ui.css',
    ]) {
      expect((await fetch(product.url + path, { redirect: 'manual' })).status).toBe(401);
      expect((await get(path)).status).toBe(200);
    }
  });

  test('the page and all that it loads come from here, under its policy', async () => {
    const page = await get('/docs', { accept: 'text/html' });
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const policy = new Map(
      (page.headers.get('content-security-policy') ?? '')
        .split(';')
        .map((part) => part.trim().split(/\s+/))
        .map(([name, ...sources]) => [name, sources]),
    );
    expect(policy.get('default-src')).toEqual(["'self'"]);
    expect(policy.get('script-src')).toEqual(["'self'"]);
    for (const sources of policy.values())
      expect(sources?.filter((source) => !/^('[\w-]+'|data:)$/.test(source))).toEqual([]);

    const html = await page.text();
    expect(html).not.toMatch(/https?:|\/\/\w|<script>|<style|\son\w+=/);
    expect(html).toContain('<a href="/">');
    const loaded = [...html.matchAll(/<(?:script|link)[^>]*(?:src|href)="([^"]+)"/g)].map(([, url]) => url!);
    expect(loaded.length).toBeGreaterThanOrEqual(5);
    for (const address of loaded) {
      const asset = await get(address);
      expect([address, asset.status]).toEqual([address, 200]);
      expect(asset.headers.get('content-type')).toMatch(
        address.endsWith('.css') ? /^text\/css/ : address.endsWith('.svg') ? /^image\/svg/ : /javascript/,
      );
      expect((await asset.text()).length).toBeGreaterThan(50);
    }
    const css = await (await get('/docs/assets/swagger-ui.css')).text();
    expect(css).not.toMatch(/@import|url\(["']?(?!data:|#|["']?data:)/);
    const start = await (await get('/docs/start.js')).text();
    expect(start).toContain("url: '/openapi.json'");
    // Its badge would ask a validator on the internet.
    expect(start).toContain('validatorUrl: null');
  });

  test('no other file of the package is served', async () => {
    for (const file of ['package.json', 'index.html', '..%2fpackage.json', 'swagger-ui.js'])
      expect([file, (await get(`/docs/assets/${file}`)).status]).toEqual([file, 404]);
  });
});

describe('what there is not', () => {
  let product: Product;

  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());

  const ask = async (method: string, path: string, accept?: string) => {
    const headers = { authorization: `Bearer ${adminToken}`, ...(accept !== undefined && { accept }) };
    const response = await fetch(product.url + path, { method, headers, redirect: 'manual' });
    return {
      status: response.status,
      type: response.headers.get('content-type')?.split(';')[0],
      text: await response.text(),
    };
  };
  const paths = ['/nothing', '/nothing/<b>x', '/api/nothing', '/api/providers/4711', '/api/models/4711'];
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

  test.each(paths)('%s is an HTML page for a browser, with the same status', async (path) => {
    const { status, type, text } = await ask('GET', path, browser);
    expect([status, type]).toEqual([404, 'text/html']);
    expect(text).toMatch(/^<!doctype html>/i);
    expect(text).not.toContain('<b>x');
  });

  test.each(paths)('%s is a problem document for scripts', async (path) => {
    for (const accept of [undefined, '*/*', 'application/json', 'application/problem+json']) {
      const { status, type, text } = await ask('GET', path, accept);
      expect([accept, status, type]).toEqual([accept, 404, 'application/problem+json']);
      expect(JSON.parse(text)).toMatchObject({ status: 404, title: 'Not Found', detail: expect.any(String) });
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await ask(method, '/api/nothing', browser)).type).toBe('application/problem+json');
  });

  test('input that is refused is a page for a browser, too, and a problem document for scripts', async () => {
    const path = '/api/models?limit=0';
    expect(await ask('GET', path, browser)).toMatchObject({ status: 422, type: 'text/html' });
    expect(await ask('GET', path)).toMatchObject({ status: 422, type: 'application/problem+json' });
  });
});
