import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

const healthcheck = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: z.tuple([z.literal('CMD')], z.string()),
    interval: z.string().regex(/^\d+s$/),
    timeout: z.string().regex(/^\d+s$/),
    retries: z.number().int().positive(),
    start_period: z
      .string()
      .regex(/^\d+s$/)
      .optional(),
  }),
]);

/** The part of the Compose specification that we use; a misspelt key is refused. */
const service = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  restart: z.literal('unless-stopped'),
  init: z.boolean().optional(),
  mem_limit: z
    .string()
    .regex(/^\d+[mg]$/)
    .optional(),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  security_opt: z.array(z.string()).optional(),
  extra_hosts: z.array(z.string().regex(/^[\w.]+:[\w.-]+$/)).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string().regex(/^[^:]+(:-[^:]+)?:\/[\w/]+$/)).default([]),
  healthcheck: healthcheck.optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).default({}),
});

const composeFile = z.strictObject({
  'x-updater': z.unknown(),
  'x-updater-environment': z.unknown(),
  services: z.strictObject({
    api: service,
    worker: service,
    redis: service,
    litellm: service,
    'litellm-db': service,
  }),
  volumes: z.record(z.string(), z.null()),
});

const text = readFileSync('docker-compose.yml', 'utf8');
const compose = composeFile.parse(parse(text, { merge: true }));
const { api, worker, redis, litellm, 'litellm-db': litellmDb } = compose.services;
const services = Object.entries(compose.services);

const commands = z
  .strictObject({ api: z.array(z.string()), worker: z.array(z.string()) })
  .parse(JSON.parse(readFileSync('scripts/commands.json', 'utf8')));

describe('docker-compose.yml', () => {
  test('starts api and worker with the very commands of npm start', () => {
    expect(api.command).toEqual(commands.api);
    expect(worker.command).toEqual(commands.worker);
  });

  test('gives api and worker 256 MB each, more than their heap may take', () => {
    for (const { mem_limit: limit, command } of [api, worker]) {
      expect(limit).toBe('256m');
      const heap = /--max-old-space-size=(\d+)/.exec(command?.join(' ') ?? '')?.[1];
      expect(Number(heap)).toBeLessThan(256);
    }
  });

  test('lets the worker be scaled: no fixed port, and no health check that asks an api', () => {
    expect(worker.ports).toEqual([]);
    expect(worker.healthcheck).toEqual({ disable: true });
    expect(text).not.toContain('container_name');
  });

  test('keeps jobs over a restart of Redis and evicts none', () => {
    expect(redis.command?.join(' ')).toBe(
      'redis-server --appendonly yes --appendfsync everysec --maxmemory-policy noeviction',
    );
    expect(redis.volumes).toEqual(['redis-data:/data']);
  });

  test('publishes ports on this machine only, and neither Redis nor PostgreSQL at all', () => {
    for (const port of services.flatMap(([, { ports }]) => ports)) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(redis.ports).toEqual([]);
    expect(litellmDb.ports).toEqual([]);
  });

  test('holds no secret: each comes from .env, and a missing one stops the start with a message', () => {
    const secrets = services.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(([name]) => /KEY|TOKEN|PASSWORD|DATABASE_URL/.test(name)),
    );
    expect(secrets.length).toBeGreaterThanOrEqual(6);
    for (const [, value] of secrets) {
      expect(value === null || /\$\{[A-Z_]+:\?set [A-Z_]+ in \.env/.test(String(value))).toBe(true);
    }
    expect(text).not.toMatch(/sk-\w/);
  });

  test('lets LiteLLM keep its models in its database, where they can be added and removed', () => {
    expect(litellm.image).toBe('ghcr.io/berriai/litellm:main-stable');
    expect(litellm.environment).toMatchObject({ STORE_MODEL_IN_DB: 'True' });
    expect(api.environment).toMatchObject({ LITELLM_API_KEY: litellm.environment['LITELLM_MASTER_KEY'] });
  });

  test('waits only for services that exist and have a health check', () => {
    for (const [, { depends_on: needed }] of services) {
      for (const name of Object.keys(needed)) {
        const found = services.find(([other]) => other === name)?.[1];
        expect(found?.healthcheck).toHaveProperty('test');
      }
    }
  });

  test('starts api and worker independently of each other and of LiteLLM', () => {
    expect(Object.keys(api.depends_on)).toEqual(['redis']);
    expect(Object.keys(worker.depends_on)).toEqual(['redis']);
  });

  test('shares one data volume between api and worker, and declares every named volume', () => {
    expect(api.volumes).toEqual(['${DATA_VOLUME:-updater-data}:/data']);
    expect(worker.volumes).toEqual(api.volumes);
    const named = services
      .flatMap(([, { volumes }]) => volumes)
      .map((volume) => volume.replace('${DATA_VOLUME:-updater-data}', 'updater-data').split(':')[0]);
    expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes)));
  });

  test('lets containers reach model servers on this machine', () => {
    for (const { extra_hosts: hosts } of [api, worker, litellm]) {
      expect(hosts).toEqual(['host.docker.internal:host-gateway']);
    }
  });
});
