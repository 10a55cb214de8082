import { existsSync } from 'node:fs';
import { ConfigError, type Config } from '../config.js';
import { messageOf } from '../domain/errors.js';
import { withDatabaseAlone, type LoneDatabase } from '../entities/reseal.js';
import { SecretBox } from '../entities/secret-box.js';
import { WrongSecretKeyError } from '../entities/settings-store.js';
import { SecretKeyFile } from './secrets.js';

/**
 * Seals everything that is stored with a new secret key. The key of the hashes keeps its value, so no deployment changes.
 * Returns what to tell the person.
 */
export async function rotateSecretKey(config: Config): Promise<string> {
  if (!existsSync(config.databasePath))
    throw new ConfigError(`There is no database at ${config.databasePath}: there is nothing to rotate.`);
  let told = '';
  await withDatabaseAlone(config.databasePath, (database) => {
    told = config.secretKey === undefined ? rotateFile(config, database) : rotateVariable(config, database);
  });
  return told;
}

/** Cut off at any point, the next start or the next rotation goes on from what is there: see `SecretKeyFile`. */
function rotateFile({ dataDir, newSecretKey }: Config, database: LoneDatabase): string {
  const file = new SecretKeyFile(dataDir);
  if (!file.exists())
    throw new WrongSecretKeyError(
      `There is no ${file.path}, and SECRET_KEY is not set. Nothing was changed.`,
    );
  if (newSecretKey !== undefined) {
    throw new ConfigError(
      `NEW_SECRET_KEY goes with SECRET_KEY. The key of this installation is the file ${file.path}: unset ` +
        'NEW_SECRET_KEY, and a new key is made there. Nothing was changed.',
    );
  }
  const present = new SecretBox(file.settle((key) => database.opensWith(new SecretBox(key))));
  if (!database.opensWith(present)) throw wrongKey(`The file ${file.path}`);
  const next = new SecretBox(file.prepareNext());
  const count = database.reseal(present, next);
  file.promoteNext();
  return `${resealed(count)}${erased(database)}\nThe new key is in ${file.path}: put it into your backups, and start the product.`;
}

function rotateVariable({ secretKey, newSecretKey }: Config, database: LoneDatabase): string {
  if (newSecretKey === undefined)
    throw new ConfigError('Set NEW_SECRET_KEY to the new key, next to SECRET_KEY with the present one.');
  if (newSecretKey === secretKey)
    throw new ConfigError(
      'NEW_SECRET_KEY is the same as SECRET_KEY: choose another key. Nothing was changed.',
    );
  const [present, next] = [new SecretBox(secretKey ?? ''), new SecretBox(newSecretKey)];
  const then = 'Now set SECRET_KEY to what NEW_SECRET_KEY is, unset NEW_SECRET_KEY, and start the product.';
  if (database.opensWith(next)) {
    return `The stored keys are sealed with NEW_SECRET_KEY already.${erased(database)}\n${then}`;
  }
  if (!database.opensWith(present)) throw wrongKey('SECRET_KEY');
  const count = database.reseal(present, next);
  return `${resealed(count)}${erased(database)}\n${then}`;
}

function resealed(count: number): string {
  return `Resealed ${count} stored ${count === 1 ? 'key' : 'keys'}. Browsers must log in again; named tokens stay.`;
}

/** The rotation itself is done by now: what fails here must not look as if it were not. */
function erased(database: LoneDatabase): string {
  try {
    database.eraseTraces();
    return '';
  } catch (error) {
    return (
      `\nWhat the old key had sealed could not be erased from the free pages of the database (${messageOf(error)}). ` +
      'Rotate once more when that is mended.'
    );
  }
}

function wrongKey(what: string): WrongSecretKeyError {
  return new WrongSecretKeyError(
    `${what} does not open the stored keys. Rotate with the key that this database was sealed with. Nothing was changed.`,
  );
}
