import createError from 'http-errors';
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit, type Options, type Store } from 'express-rate-limit';

const windowMs = 15 * 60_000;
const mostFailures = 10;

/** Sends one command to Redis; rejects at once while Redis is away. */
export type RedisCommand = (name: string, ...args: (string | number)[]) => Promise<unknown>;

/**
 * At most ten wrong tokens in a quarter of an hour from one address, over all replicas; while Redis is away, each replica
 * counts for itself. Right ones do not count.
 */
export function loginLimit(command: RedisCommand, prefix: string): RequestHandler[] {
  const rules: Partial<Options> = {
    windowMs,
    limit: mostFailures,
    skipSuccessfulRequests: true,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // One of our own also spares an installation without TRUST_PROXY the library's stack traces about X-Forwarded-For.
    keyGenerator: (request) => ipKeyGenerator(clientAddress(request)),
    handler: (_request, _response, next) => {
      next(createError(429, 'too many wrong tokens from this address; try again in a quarter of an hour'));
    },
  };
  const shared = redisStore(command, `${prefix}:login:`);
  return [rateLimit(rules), rateLimit({ ...rules, store: shared })];
}

/** Who asks, as far as TRUST_PROXY lets us believe it. Some proxies (Azure's) add the port, which every connection changes. */
export function clientAddress({ ip = '' }: Pick<Request, 'ip'>): string {
  const withPort = /^\[(.+)\]:\d+$/.exec(ip) ?? /^([\d.]+):\d+$/.exec(ip);
  return withPort?.[1] ?? ip;
}

/**
 * Not `rate-limit-redis`: it loads its scripts once, and never again when Redis was away at that moment. While Redis is
 * away nothing is counted here; the replica's own memory does.
 */
function redisStore(command: RedisCommand, prefix: string): Store {
  const count = async (key: string) => {
    await command('set', key, 0, 'PX', windowMs, 'NX');
    const totalHits = Number(await command('incr', key));
    const leftMs = Number(await command('pttl', key));
    // It expired between the two: without an end it would count for ever.
    if (leftMs < 0) await command('pexpire', key, windowMs);
    return { totalHits, resetTime: new Date(Date.now() + (leftMs < 0 ? windowMs : leftMs)) };
  };
  const quietly = async (name: string, address: string) => {
    await command(name, prefix + address).catch(() => undefined);
  };
  return {
    prefix,
    increment: (address) =>
      count(prefix + address).catch(() => ({ totalHits: 1, resetTime: new Date(Date.now() + windowMs) })),
    decrement: (address) => quietly('decr', address),
    resetKey: (address) => quietly('del', address),
  };
}
