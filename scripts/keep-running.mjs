import { Refusal, say } from './terminal.mjs';

const restartAfterMs = 2_000;
const deathsAllowed = 5;
const withinMs = 60_000;

/** sysexits' EX_CONFIG: api and worker refuse a wrong setting with it, and trying again cannot help. */
const refusedByConfiguration = 78;

/**
 * Starts a part with `start()` (resolves to `{ exited, stop, lastWords? }`) and starts it again 2 s after it ended by itself.
 * `giveUp(refusal)` is called once when that cannot help: refused by configuration, or five ends within a minute.
 * It ends with what the part said, since that is what a person reads last.
 */
export async function keepRunning({ name, start, giveUp }) {
  const deaths = [];
  let stopping = false;
  let restart;
  let current = await start();
  watch();

  function watch() {
    current.exited.then(ended, (error) => ended(error.message));
  }

  function ended(code) {
    if (stopping) return;
    const now = Date.now();
    deaths.push(now);
    while (now - deaths[0] > withinMs) deaths.shift();
    const words = current.lastWords?.() ?? '';
    if (code === refusedByConfiguration) {
      giveUp(new Refusal(words || `${name} refused its configuration.`, refusedByConfiguration));
    } else if (deaths.length >= deathsAllowed) {
      giveUp(
        new Refusal(
          `${name} ended ${deaths.length} times within a minute (last exit code ${code}); giving up. ` +
            'Its last line before “ended unexpectedly”, above, says why.' +
            (words === '' ? '' : ` On stderr it said:\n${words}`),
        ),
      );
    } else {
      say(`${name} ended unexpectedly (exit code ${code}); starting it again in ${restartAfterMs / 1000} s`);
      restart = setTimeout(again, restartAfterMs);
    }
  }

  async function again() {
    try {
      current = await start();
    } catch (error) {
      return ended(error.message);
    }
    if (stopping) return current.stop();
    watch();
  }

  return {
    async stop() {
      stopping = true;
      clearTimeout(restart);
      await current.stop();
    },
  };
}
