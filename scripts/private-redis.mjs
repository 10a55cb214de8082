import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureRedis } from './ensure-redis.mjs';
import { spawnGuarded } from './guarded-child.mjs';
import { Refusal } from './terminal.mjs';

const socketName = 'redis.sock';
const longestSocketPath = 100; // bytes; the kernel's own limit is 104 (macOS) or 108 (Linux)
const startLimitMs = 10_000;
const stopGraceMs = 5_000;
const tailLines = 20;

/** Where the socket goes: in `dir`, or in a new private folder when that path is too long or no plain URL. */
export function chooseSocket(dir) {
  const inDir = join(resolve(dir), socketName);
  if (Buffer.byteLength(inDir) < longestSocketPath && /^[\w./-]+$/.test(inDir)) return inDir;
  return join(mkdtempSync(join(tmpdir(), 'litellm-updater-redis-')), socketName);
}

/** One PING over the socket, in Redis's own protocol; resolves to the reply's first bytes, or undefined. */
function ping(socketPath) {
  return new Promise((resolvePing) => {
    const socket = createConnection(socketPath, () => socket.write('*1\r\n$4\r\nPING\r\n'));
    const end = (reply) => {
      socket.destroy();
      resolvePing(reply);
    };
    socket.setTimeout(1_000, () => end(undefined));
    socket.on('data', (chunk) => end(chunk.toString()));
    socket.on('error', () => end(undefined));
    socket.on('close', () => end(undefined));
  });
}

/** Debian's redis-tools holds the server under another name; the name it is started by decides what it does. */
function asServer(binary, dir) {
  if (basename(binary).endsWith('-server')) return binary;
  const link = join(dir, 'redis-server');
  rmSync(link, { force: true });
  symlinkSync(binary, link);
  return link;
}

function serverArguments({ dir, socketPath, persistent }) {
  return [
    ...['--port', '0'], // no TCP: nobody else on this machine can reach it
    ...['--unixsocket', socketPath, '--unixsocketperm', '600'],
    ...['--dir', dir, '--save', ''],
    ...['--appendonly', persistent ? 'yes' : 'no', '--appendfsync', 'everysec'],
    ...['--maxmemory-policy', 'noeviction'], // evicted keys would be lost jobs
    ...['--daemonize', 'no', '--loglevel', 'warning'],
  ];
}

function rememberOutput(child) {
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      lines.push(...chunk.toString().split('\n').filter(Boolean));
      lines.splice(0, lines.length - tailLines);
    });
  }
  return lines;
}

/**
 * Starts a Redis of our own in `dir`, reachable by a unix socket alone, that ends with this process.
 * `persistent: false` keeps nothing on disk (tests). `exited` resolves when the server ends, wanted or not.
 */
export async function startPrivateRedis({ dir, persistent, binary, socketPath = chooseSocket(dir) }) {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o700);
  if (existsSync(socketPath) && (await ping(socketPath)) !== undefined) {
    throw new Refusal(`Another Redis already works in ${dir}. Stop what started it, then try again.`);
  }

  const found = binary ?? (await ensureRedis());
  const server = asServer(found, dir);
  const child = spawnGuarded([server, ...serverArguments({ dir: resolve(dir), socketPath, persistent })], {
    output: 'pipe',
  });
  const lines = rememberOutput(child);
  let running = true;
  const exited = child.exited.then((code) => {
    running = false;
    if (server !== found) rmSync(server, { force: true });
    if (dirname(socketPath) !== resolve(dir)) rmSync(dirname(socketPath), { recursive: true, force: true });
    return code;
  });

  const deadline = Date.now() + startLimitMs;
  // While it loads a long append-only file it answers -LOADING: alive, and clients wait for it by themselves.
  while (running && !/^(\+PONG|-LOADING)/.test((await ping(socketPath)) ?? '')) {
    if (Date.now() > deadline) await child.stop(0);
    else await wait(20);
  }
  if (!running) throw new Refusal(`The private Redis in ${dir} did not start:\n${lines.join('\n')}`);

  return { url: `unix://${socketPath}`, pid: child.pid, exited, stop: () => child.stop(stopGraceMs) };
}
