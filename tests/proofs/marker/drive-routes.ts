import { z } from 'zod';
import type { Route } from '../../../src/api/define-route.js';
import type { Collected } from './collected.js';
import type { Markers } from './markers.js';

type Schema = z.core.JSONSchema.JSONSchema;

const noSuchId = 9_999;

/** A field in which a person would type a key. */
const secretField = /key|token$|secret|password/i;

/** What some fields need besides their type; everything else follows from the route's own schema. */
export type Samples = Record<string, unknown>;

/** Calls declared routes with what they take, with what they refuse, and with keys in every field that takes one. */
export class RouteDriver {
  readonly statuses = new Map<string, Set<number>>();
  #count = 0;

  constructor(
    private readonly collected: Collected,
    private readonly markers: Markers,
    private readonly samples: Samples,
  ) {}

  /**
   * Each path with an id gets another one, so that what one deletes is there for the next. What deletes the most comes last.
   */
  async drive(routes: Route[]): Promise<void> {
    const ways = routes
      .flatMap((route) => route.paths.map((pattern, index) => ({ route, pattern, id: index + 1 })))
      .sort((a, b) => harm(a) - harm(b) || (a.pattern < b.pattern ? -1 : 1));
    for (const { route, pattern, id } of ways) {
      for (const each of pattern.includes(':id') ? [id, noSuchId] : [noSuchId])
        await this.#drive(route, pattern, pattern.replace(':id', String(each)));
    }
  }

  async #drive(route: Route, pattern: string, path: string): Promise<void> {
    const method = route.method.toUpperCase();
    const note = async (body?: string | URLSearchParams, query = '', headers?: Record<string, string>) => {
      const { status } = await this.collected.send(method, path + query, body, headers);
      const seen = this.statuses.get(`${method} ${pattern}`) ?? new Set();
      this.statuses.set(`${method} ${pattern}`, seen.add(status));
    };
    await note(undefined, this.#query(route));
    if (route.body === undefined) return note();
    const schema = z.toJSONSchema(route.body, { io: 'input', unrepresentable: 'any' });
    const place = `${method} ${pattern}`;
    for (const body of this.#wrong(schema, place)) await note(body);
    const wrong = this.markers.plant(`${place} as text`);
    await note(wrong, '', { 'content-type': 'text/plain' });
    for (const all of [false, true]) {
      const fields = this.#sample('', schema, place, all) as Record<string, unknown>;
      await note(JSON.stringify(fields));
      if (route.fromForm) await note(formOf(fields));
    }
  }

  /** Filters that take no text with a key for their value, and keys that nobody asked for. */
  #query(route: Route): string {
    const schema = route.query && z.toJSONSchema(route.query, { io: 'input', unrepresentable: 'any' });
    const fields = Object.entries((schema?.properties ?? {}) as Record<string, Schema>);
    const names = fields.filter(([, field]) => field.type !== 'string' || field.enum).map(([name]) => name);
    names.push('token', 'api_key');
    const wrong = this.markers.plant(`query of ${route.method} ${route.paths[0]}`);
    return `?${new URLSearchParams(names.map((name): [string, string] => [name, wrong])).toString()}`;
  }

  #wrong(schema: Schema, place: string): string[] {
    const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
    const key = (what: string) => this.markers.plant(`${place} ${what}`);
    const none = key('in an unknown field');
    const odd = fields.map(([name, { type }]) => [
      name,
      // Of another type than the field takes: an answer must not tell what it got.
      type === 'string' ? { key: key('in an object') } : key('for another type'),
    ]);
    const blank = fields.map(([name]) => [
      name,
      secretField.test(name) ? `${key('with a blank')} ${none}` : null,
    ]);
    return [
      JSON.stringify({ ...Object.fromEntries(odd), unknown_field: none }),
      JSON.stringify({ ...Object.fromEntries(blank), unknown_field: none }),
      ...fields.map(([name]) => JSON.stringify({ [name]: [[key('in lists')]], unknown_field: none })),
      JSON.stringify([key('in a list')]),
      JSON.stringify(key('as a text')),
      `{"api_key": "${key('in broken JSON').slice(-20)}",}`,
    ];
  }

  #sample(name: string, schema: Schema, place: string, all: boolean): unknown {
    this.#count += 1;
    if (name in this.samples) {
      const sample = this.samples[name];
      return typeof sample === 'function' ? (sample as (count: number) => unknown)(this.#count) : sample;
    }
    const first = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.find((option) => option.type !== 'null');
    if (first !== undefined) return this.#sample(name, first, place, all);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return schema.enum[0];
    switch (schema.type) {
      case 'object':
        return Object.fromEntries(
          Object.entries((schema.properties ?? {}) as Record<string, Schema>)
            .filter(([field]) => all || schema.required?.includes(field) || secretField.test(field))
            .map(([field, inner]) => [field, this.#sample(field, inner, place, all)]),
        );
      case 'array':
        return [this.#sample('', (schema.items ?? {}) as Schema, place, all)];
      case 'boolean':
        return true;
      case 'integer':
      case 'number':
        return schema.minimum ?? 1;
      default:
        return secretField.test(name) ? this.markers.plant(`${place} ${name}`) : `text-${this.#count}`;
    }
  }
}

/** Looks, then changes, then deletes, the deepest first; words that delete many at last. */
function harm({ route, pattern }: { route: Route; pattern: string }): number {
  if (/delete|reset/.test(pattern)) return 1_000;
  return ['get', 'patch', 'post', 'delete'].indexOf(route.method) * 100 - pattern.split('/').length;
}

function formOf(fields: Record<string, unknown>): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
