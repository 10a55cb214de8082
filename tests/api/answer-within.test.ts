import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { answerWithin } from '../../src/api/diagnosis/answer-within.js';

let server: Server;
let socket: Socket;

/** A server that answers everything at once, and a connection to it. */
beforeEach(async () => {
  server = createServer((peer) => peer.pipe(peer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
});
afterEach(() => {
  socket.destroy();
  server.close();
});

async function ask(): Promise<string> {
  socket.write('?');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}

/** Nothing of this process runs meanwhile. */
function pauseEverything(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('who answers is heard, who does not is given up, and who fails has not answered', async () => {
  expect(await answerWithin(10_000, ask)).toBe('?');
  expect(await answerWithin(100, () => new Promise(() => undefined))).toBeUndefined();
  expect(await answerWithin<string>(10_000, () => Promise.reject(new Error('away')))).toBeUndefined();
});

test('a pause of the process itself is not taken for the silence of who was asked', async () => {
  const answer = answerWithin(400, async () => [await ask(), await ask(), await ask()]);
  await Promise.resolve();
  pauseEverything(1_000);
  expect(await answer).toEqual(['?', '?', '?']);
});
