import { ConfigError, exitCodeOfConfigError, loadConfig } from '../config.js';
import { messageOf } from '../domain/errors.js';
import { ForeignSchemaError } from '../entities/open-database.js';
import { WrongSecretKeyError } from '../entities/settings-store.js';
import { rotateSecretKey } from './rotation.js';

process.umask(0o077);
try {
  process.stdout.write(`${await rotateSecretKey(loadConfig())}\n`);
} catch (error) {
  process.stderr.write(`Rotating the secret key failed:\n${messageOf(error)}\n`);
  process.exitCode = isWrongSetting(error) ? exitCodeOfConfigError : 1;
}

function isWrongSetting(error: unknown): boolean {
  return (
    error instanceof ConfigError ||
    error instanceof ForeignSchemaError ||
    error instanceof WrongSecretKeyError
  );
}
