import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { productVariables } from '../../scripts/product-variables.mjs';

const lines = readFileSync('.env.example', 'utf8').split('\n');
const inCompose = readFileSync('docker-compose.yml', 'utf8');
const documented = lines.map((line) => /^#?([A-Z_]+)=/.exec(line)?.[1]).filter((name) => name !== undefined);

describe('.env.example', () => {
  test('documents every variable that the configuration reads', () => {
    const read = [...readFileSync('src/config.ts', 'utf8').matchAll(/^ {2}([A-Z_]+): optional\(/gm)];
    expect(read.length).toBeGreaterThan(10);
    for (const [, name] of read) expect(documented).toContain(name);
    expect(new Set(productVariables)).toEqual(new Set(read.map(([, name]) => name)));
  });

  test('documents every variable that docker compose reads, and nothing that nobody reads', () => {
    const read = new Set([...inCompose.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name));
    for (const name of read) expect(documented).toContain(name);
    for (const name of documented) expect(read.has(name) || productVariables.includes(name)).toBe(true);
  });

  test('holds no working secret: what is set there is empty', () => {
    const set = lines.filter((line) => /^[A-Z_]+=/.test(line));
    expect(set).toEqual(['LITELLM_MASTER_KEY=', 'LITELLM_SALT_KEY=', 'LITELLM_DB_PASSWORD=']);
  });
});
