import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { describe, expect, test } from '@jest/globals';

/** Instructions in order, continuation lines joined, comments left out. */
const instructions = readFileSync('Dockerfile', 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter(Boolean);
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
const argumentsOf = (name: string) =>
  lastStage.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

describe('Dockerfile', () => {
  test('runs as a user without rights, set after the last step that needs them', () => {
    expect(argumentsOf('USER')).toEqual(['node']);
    const userAt = lastStage.indexOf('USER node');
    expect(lastStage.findLastIndex((line) => line.startsWith('RUN '))).toBeLessThan(userAt);
  });

  test('starts the api with the very command of npm start', () => {
    const commands: unknown = JSON.parse(readFileSync('scripts/commands.json', 'utf8'));
    expect(commands).toMatchObject({ api: JSON.parse(argumentsOf('CMD').at(-1) ?? '') as unknown });
  });

  test('leaves the compilers behind: only built files reach the last stage', () => {
    expect(lastStage.join('\n')).not.toMatch(/apt-get|g\+\+|npm/);
    expect(argumentsOf('COPY').every((line) => line.startsWith('--from=build '))).toBe(true);
  });

  test('listens beyond its own container and keeps its data in the volume', () => {
    expect(argumentsOf('ENV').join(' ')).toContain('HOST=0.0.0.0 DATA_DIR=/data');
    expect(argumentsOf('VOLUME')).toEqual(['/data']);
    expect(argumentsOf('EXPOSE')).toEqual(['4001']);
  });

  test('asks the api itself whether it is alive, in JavaScript that parses', () => {
    const command = /CMD (\[.*\])$/.exec(argumentsOf('HEALTHCHECK')[0] ?? '')?.[1] ?? '';
    const [node, flag, code] = JSON.parse(command) as string[];
    expect([node, flag]).toEqual(['node', '-e']);
    expect(code).toContain('/livez');
    expect(() => new Script(code ?? '(')).not.toThrow();
  });
});

describe('.dockerignore', () => {
  const lines = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));

  test('lets in only what is named, and no secret is', () => {
    expect(lines[0]).toBe('*');
    expect(lines.slice(1).every((line) => line.startsWith('!'))).toBe(true);
    expect(lines.join(' ')).not.toMatch(/\.env|data|node_modules/);
  });
});
