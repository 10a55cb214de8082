import { lockDataFolder } from './data-folder-lock.mjs';
import { ensureNode } from './ensure-node.mjs';
import { readEnvironment } from './read-environment.mjs';
import { runProduct } from './run-product.mjs';
import { setUp } from './set-up.mjs';
import { stopRequested } from './stop-signals.mjs';
import { Refusal, runMain, say } from './terminal.mjs';

async function start() {
  ensureNode();
  const env = readEnvironment();
  const unlock = lockDataFolder(env.DATA_DIR);
  try {
    const { redisServer } = await setUp({ build: true, redis: !env.REDIS_URL });
    const stop = stopRequested();
    say(`starting api and worker; data is in ${env.DATA_DIR}`);
    const product = await runProduct({ env, redisServer });
    const ending = await Promise.race([stop, product.failed]);
    say('stopping');
    await product.stop();
    if (ending instanceof Refusal) throw ending;
    say('stopped');
  } finally {
    unlock();
  }
}

await runMain(start);
process.exit();
