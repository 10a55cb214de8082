import closeWithGrace from 'close-with-grace';
import { ConfigError, exitCodeOfConfigError, loadConfig, type Config } from '../config.js';
import { messageOf } from '../domain/errors.js';
import { ForeignSchemaError } from '../entities/open-database.js';
import { WrongSecretKeyError } from '../entities/settings-store.js';
import { createLogger, type Logger } from '../logger.js';

/** Longer than the worker needs to hand its jobs back, shorter than the 10 s of `docker stop`. */
const stopWithinMs = 9_500;

/** What a process does from start to stop; `start` returns how to end it. */
export async function runProcess(
  name: string,
  start: (config: Config, logger: Logger) => Promise<() => Promise<void>>,
): Promise<void> {
  // Everything that is written holds models, edits and sealed keys: for this user only.
  process.umask(0o077);
  // Whoever started us may be gone: what cannot be said must not cut short an orderly stop.
  process.stderr.on('error', () => undefined);
  let config: Config;
  try {
    config = loadConfig();
  } catch (error) {
    refuse(error);
    return;
  }
  const logger = createLogger({ process: name, level: config.logLevel, format: config.logFormat });
  try {
    const stop = await start(config, logger);
    closeWithGrace({ delay: stopWithinMs, logger: false }, async ({ signal, err }) => {
      if (err)
        logger.error('stopping after an error nobody caught', { error: messageOf(err), stack: err.stack });
      else logger.info('stopping', { signal });
      await stop();
      logger.info('stopped');
    });
  } catch (error) {
    if (
      error instanceof ConfigError ||
      error instanceof ForeignSchemaError ||
      error instanceof WrongSecretKeyError
    ) {
      refuse(error);
      return;
    }
    logger.error('could not start', { error: messageOf(error) });
    process.exit(1);
  }
}

/** A wrong setting: said in words, without a stack, and not worth a restart. */
function refuse(error: unknown): void {
  process.stderr.write(`litellm-updater cannot start:\n${messageOf(error)}\n`);
  process.exit(exitCodeOfConfigError);
}
