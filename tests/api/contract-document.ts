import { Agent, request } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { routes } from '../../src/api/routes.js';
import { adminToken, type Product } from '../support/product.js';

export type Schema = any;

export interface Operation {
  method: string;
  /** With `{name}` for what is to be filled in. */
  path: string;
  /** Method and first path of the route that answers, or the operation's own. */
  name: string;
  operationId: string;
  security?: unknown[];
  parameters: { in: 'path' | 'query' | 'header'; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<
    string,
    { content: Record<string, { schema: Schema }>; headers?: Record<string, unknown> }
  >;
}

export interface Request {
  method: string;
  /** Sent as it is. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** What no reply may tell: a stack, or where the product lies. */
const inside = /\n\s+at |node_modules|file:\/\/|\/src\/|\.ts:\d|\.js:\d|SQLITE|RangeError|TypeError/;

/** The document as a client reads it, and what it says of a reply. */
export class ApiDocument {
  readonly operations: Operation[];
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

  constructor(readonly json: any) {
    this.#ajv.addSchema(json, 'document', undefined, false);
    this.operations = Object.entries<any>(json.paths).flatMap(([path, methods]) =>
      Object.entries<any>(methods).map(([method, operation]) => ({
        parameters: [],
        ...operation,
        method: method.toUpperCase(),
        path,
        name: nameOf(method, path),
      })),
    );
  }

  static async of(product: Product): Promise<ApiDocument> {
    return new ApiDocument((await product.call('GET', '/openapi.json')).body);
  }

  /** By a JSON pointer into the document, so that its own references resolve. */
  validator(...steps: string[]): ValidateFunction {
    const pointer = steps.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1'));
    const fragment = pointer.map((step) => encodeURIComponent(step)).join('/');
    const ref = `document#/${fragment}`;
    return this.#ajv.getSchema(ref) ?? this.#ajv.compile({ $ref: ref });
  }

  /** What the document says against such a request body; empty when nothing. */
  bodyFaults({ method, path }: Operation, type: string, value: unknown): string[] {
    const check = this.validator(
      'paths',
      path,
      method.toLowerCase(),
      'requestBody',
      'content',
      type,
      'schema',
    );
    return check(value) ? [] : [`request body: ${this.#ajv.errorsText(check.errors)}`];
  }

  /** What the document says against this reply; empty when nothing. */
  faults({ method, path, responses }: Operation, { status, headers, text }: Reply): string[] {
    if (inside.test(text) && status >= 400) return [`${status} tells what is inside: ${text.slice(0, 300)}`];
    const response = responses[status];
    if (response === undefined) return [`${status} is not documented: ${text.slice(0, 300)}`];
    const type = (headers['content-type'] as string | undefined)?.split(';')[0] ?? 'none';
    if (response.content[type] === undefined) return [`${status} is of type ${type}`];
    const missing = Object.keys(response.headers ?? {}).filter((name) => !headers[name.toLowerCase()]);
    if (missing.length > 0) return [`${status} lacks ${missing.join(', ')}`];
    if (!/json$/.test(type)) return text === '' ? [`${status} is empty`] : [];
    const value: any = JSON.parse(text);
    const steps = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      type,
      'schema',
    ];
    const check = this.validator(...steps);
    const isAsTold: boolean = check(value);
    if (!isAsTold) return [`${status}: ${this.#ajv.errorsText(check.errors)}`];
    if (type === 'application/problem+json' && value.status !== status)
      return [`${status} says that it is ${value.status}`];
    return [];
  }
}

function nameOf(method: string, template: string): string {
  const path = template.replaceAll(/\{(\w+)\}/g, ':$1');
  const route = routes.find((each) => each.method === method && each.paths.includes(path));
  return `${method.toUpperCase()} ${route?.paths[0] ?? path}`;
}

/** Keeps connections, so that thousands of requests leave no port waiting. */
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Unlike `fetch` it leaves the path alone. Of a stream without end the first part is the reply. */
export function send(
  product: Pick<Product, 'url'>,
  { method, path, headers, body }: Request,
): Promise<Reply> {
  const { hostname, port } = new URL(product.url);
  return new Promise((resolve, reject) => {
    const call = request({
      agent,
      hostname,
      port,
      method,
      path,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
    });
    call.on('error', reject);
    call.on('response', (response) => {
      const { statusCode = 0, headers: sent } = response;
      const endless = sent['content-type']?.startsWith('text/event-stream') === true;
      let text = '';
      const answer = () => resolve({ status: statusCode, headers: sent, text });
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (part: string) => {
        text += part;
        if (!endless) return;
        answer();
        call.destroy();
      });
      response.on('end', answer);
    });
    call.end(body);
  });
}
