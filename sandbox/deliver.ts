import type { ServerResponse } from 'node:http';

import { statusReply, type Behaviour } from './faults.js';
import { pause } from './pause.js';
import type { Reply } from './reply.js';

/** Sends an answer, spoilt by the faults that come after handling. */
export async function deliver(response: ServerResponse, answer: Reply, faults: Behaviour[]): Promise<void> {
  let reply = answer;
  let slow: Extract<Behaviour, { kind: 'slow-body' }> | undefined;
  for (const fault of faults) {
    if (fault.kind === 'drop-after') {
      response.destroy();
      return;
    }
    if (fault.kind === 'status') reply = statusReply(fault);
    if (fault.kind === 'empty') reply = { ...reply, body: '' };
    if (fault.kind === 'truncated') reply = { ...reply, body: cutInHalf(reply.body) };
    if (fault.kind === 'slow-body') slow = fault;
  }
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, { 'content-length': String(body.length), ...reply.headers });
  if (slow !== undefined && response.req.method !== 'HEAD') await dribble(response, body, slow);
  if (!response.destroyed)
    response.end(slow === undefined && response.req.method !== 'HEAD' ? body : undefined);
}

function cutInHalf(body: string): string {
  return body.slice(0, Math.max(1, Math.floor(body.length / 2)));
}

async function dribble(
  response: ServerResponse,
  body: Buffer,
  { chunkBytes = 16, everyMs = 20 }: Extract<Behaviour, { kind: 'slow-body' }>,
): Promise<void> {
  for (let sent = 0; sent < body.length && !response.destroyed; sent += chunkBytes) {
    response.write(body.subarray(sent, sent + chunkBytes));
    await pause(everyMs);
  }
}
