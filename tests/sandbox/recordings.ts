import { readFileSync } from 'node:fs';

import { isObject } from '../../sandbox/json.js';

export interface Recording {
  request: { method: string; path: string; headers: Record<string, string>; body: unknown };
  response: { status: number; body?: unknown; body_text?: string };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: unknown;
}

/** One exchange with a real LiteLLM 1.81.15. */
export function recording(name: string): Recording {
  const file = new URL(`../fixtures/litellm/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Recording;
}

export async function replay(url: string, { request }: Recording): Promise<Answer> {
  return call(url, request.method, request.path, request.body ?? undefined, request.headers);
}

export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { Authorization: 'Bearer sk-1234' },
): Promise<Answer> {
  const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch(url + path, {
    method,
    headers: { ...type, ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined,
  };
}

/** The body as text, so that key order counts, with ciphertext and times replaced by their kind. */
export function comparable(body: unknown): string {
  return JSON.stringify(body, (key, value: unknown) => {
    if (key === 'created_at' || key === 'updated_at') return '<time>';
    if (key === 'litellm_params' && isObject(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, isCiphertext(inner) ? '<ciphertext>' : inner]),
      );
    }
    return value;
  });
}

function isCiphertext(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{50,}=*$/.test(value);
}

/** Polls a condition; there is no fixed waiting time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true within 5 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
