import type { Behaviour, FaultRule } from './faults.js';
import { isObject, parseJson } from './json.js';
import { json } from './reply.js';
import type { Route } from './routes.js';
import type { StandInServer } from './server.js';

const KINDS: readonly Behaviour['kind'][] = [
  'delay',
  'status',
  'html',
  'redirect',
  'drop',
  'hang',
  'drop-after',
  'truncated',
  'empty',
  'slow-body',
];

/** Counters and faults for a person with curl; a fault's path is a regular expression when written `/like this/`. */
export function controlRoutes({ counters, faults }: StandInServer): Route[] {
  return [
    {
      method: 'GET',
      path: '/__sandbox/counters',
      handle: () => json({ reads: counters.reads, writes: counters.writes, routes: counters.all() }),
    },
    {
      method: 'POST',
      path: '/__sandbox/faults',
      handle: (call) => {
        const rule = ruleOf(parseJson(call.text));
        if (rule === undefined)
          return json({ error: `want {path, behaviour:{kind}}; kinds: ${KINDS.join(' ')}` }, 400);
        faults.add(rule);
        return json({ added: true });
      },
    },
    {
      method: 'DELETE',
      path: '/__sandbox/faults',
      handle: () => {
        faults.clear();
        return json({ cleared: true });
      },
    },
  ];
}

function ruleOf(body: unknown): FaultRule | undefined {
  if (!isObject(body) || typeof body['path'] !== 'string' || !isObject(body['behaviour'])) return undefined;
  if (!KINDS.includes(body['behaviour']['kind'] as Behaviour['kind'])) return undefined;
  const pattern = /^\/(.*)\/$/.exec(body['path'])?.[1];
  return {
    ...(body as unknown as FaultRule),
    path: pattern === undefined || pattern === '' ? body['path'] : new RegExp(pattern),
  };
}
