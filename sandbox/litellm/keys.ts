import { createHash } from 'node:crypto';

/** A key of somebody other than the master; without a user it has the rights of an internal user. */
export interface VirtualKey {
  key: string;
  user?: { id: string; role: 'proxy_admin' | 'proxy_admin_viewer' | 'internal_user' };
  /** Exact paths, or prefixes that end in an asterisk. */
  allowedRoutes?: string[];
  /** Model names that the plain listings are cut down to. */
  models?: string[];
  expired?: boolean;
}

/** Who sent a request. */
export interface Caller {
  userId: string;
  role: string;
  allowedRoutes: string[];
  models: string[];
}

export const MASTER: Caller = {
  userId: 'default_user_id',
  role: 'proxy_admin',
  allowedRoutes: [],
  models: [],
};

export function callerOf(key: VirtualKey): Caller {
  return {
    userId: key.user?.id ?? 'unknown',
    role: key.user?.role ?? 'unknown',
    allowedRoutes: key.allowedRoutes ?? [],
    models: key.models ?? [],
  };
}

export function isAdmin(caller: Caller): boolean {
  return caller.role === 'proxy_admin';
}

export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
