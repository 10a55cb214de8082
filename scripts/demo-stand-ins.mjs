import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { projectRoot } from './project-root.mjs';
import { Refusal } from './terminal.mjs';

const readyLimitMs = 20_000;

/** `wanted` when nobody listens there, else any free port of this machine's loopback. */
export async function freePort(wanted = 0) {
  const server = createServer();
  try {
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  } catch (error) {
    if (wanted === 0) throw error;
    return freePort();
  } finally {
    server.close();
  }
}

/** Local stand-ins for an Ollama server, an OpenAI-compatible server and a LiteLLM proxy, with their addresses. */
export async function startStandIns() {
  const child = spawn(
    process.execPath,
    [
      'dist/sandbox/main.js',
      ...['--ollama-port', '0', '--openai-port', '0', '--litellm-port', '0'], // any free ones
      '--with-parent', // it ends when our end of its stdin closes, so a killed demo leaves nothing behind
    ],
    { cwd: projectRoot, stdio: ['pipe', 'pipe', 'inherit'], detached: true },
  );
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const firstLine = once(lines, 'line', { signal: AbortSignal.timeout(readyLimitMs) }).catch(() => []);
  const [line] = await Promise.race([firstLine, exited.then(() => [])]);
  if (line === undefined) {
    child.kill('SIGKILL');
    throw new Refusal('The sandbox (dist/sandbox/main.js) did not start.');
  }
  return {
    ...JSON.parse(line),
    async stop() {
      child.stdin.end();
      child.kill('SIGTERM');
      await exited;
    },
  };
}
