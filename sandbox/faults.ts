import { seededRandom } from './random.js';
import { json, text, type Reply } from './reply.js';

/** What a rule does. Behaviours marked "handled" let the request take effect first: the write happens, the answer suffers. */
export type Behaviour =
  | { kind: 'delay'; ms: number }
  | { kind: 'status'; status: number; body?: unknown; headers?: Record<string, string>; handled?: boolean }
  | { kind: 'html'; body?: string }
  | { kind: 'redirect'; to: string; status?: number }
  | { kind: 'drop' }
  | { kind: 'hang' }
  /** handled */
  | { kind: 'drop-after' }
  /** handled */
  | { kind: 'truncated' }
  /** handled */
  | { kind: 'empty' }
  /** handled */
  | { kind: 'slow-body'; chunkBytes?: number; everyMs?: number };

export interface FaultRule {
  method?: string;
  /** A string is compared with the path and with the route template; a RegExp is tried on path and query. */
  path: RegExp | string;
  /** How often the rule applies before it ends by itself; without it, until removed. */
  times?: number;
  probability?: number;
  seed?: number;
  behaviour: Behaviour;
}

export interface FaultPlan {
  delayMs: number;
  /** Answers without handling the request. */
  instead?: Reply | 'drop' | 'hang';
  /** Changes the answer of a request that was handled. */
  afterwards: Behaviour[];
}

interface ActiveRule {
  rule: FaultRule;
  left: number;
  random: () => number;
}

/** The switchboard of one stand-in: every matching rule applies, in the order in which they were added. */
export class Faults {
  /** Added to every request. */
  latencyMs = 0;
  private rules: ActiveRule[] = [];

  add(rule: FaultRule): () => void {
    const active: ActiveRule = { rule, left: rule.times ?? Infinity, random: seededRandom(rule.seed ?? 1) };
    this.rules.push(active);
    return () => {
      this.rules = this.rules.filter((other) => other !== active);
    };
  }

  clear(): void {
    this.rules = [];
    this.latencyMs = 0;
  }

  plan(request: { method: string; path: string; search: string; template: string }): FaultPlan {
    const plan: FaultPlan = { delayMs: this.latencyMs, afterwards: [] };
    for (const active of this.rules) {
      if (plan.instead !== undefined || !matches(active.rule, request)) continue;
      if (active.left <= 0 || active.random() >= (active.rule.probability ?? 1)) continue;
      active.left -= 1;
      applyTo(plan, active.rule.behaviour);
    }
    this.rules = this.rules.filter((active) => active.left > 0);
    return plan;
  }
}

function matches(
  rule: FaultRule,
  request: { method: string; path: string; search: string; template: string },
) {
  if (rule.method !== undefined && rule.method.toUpperCase() !== request.method) return false;
  if (typeof rule.path === 'string') return rule.path === request.path || rule.path === request.template;
  // A RegExp with the g flag keeps its position between calls; search() does not.
  return (request.path + request.search).search(rule.path) >= 0;
}

function applyTo(plan: FaultPlan, behaviour: Behaviour): void {
  switch (behaviour.kind) {
    case 'delay':
      plan.delayMs += behaviour.ms;
      return;
    case 'status':
      if (behaviour.handled === true) plan.afterwards.push(behaviour);
      else plan.instead = statusReply(behaviour);
      return;
    case 'html':
      plan.instead = text(behaviour.body ?? '<!doctype html><title>Sign in</title><p>Please sign in', 200, {
        'content-type': 'text/html; charset=utf-8',
      });
      return;
    case 'redirect':
      plan.instead = text('', behaviour.status ?? 307, { location: behaviour.to });
      return;
    case 'drop':
    case 'hang':
      plan.instead = behaviour.kind;
      return;
    default:
      plan.afterwards.push(behaviour);
  }
}

export function statusReply(behaviour: Extract<Behaviour, { kind: 'status' }>): Reply {
  const { status, body = { error: `injected ${status}` }, headers } = behaviour;
  return typeof body === 'string' ? text(body, status, headers) : json(body, status, headers);
}
