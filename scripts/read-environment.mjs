import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { projectRoot } from './project-root.mjs';

/** What the environment says, over what `.env` says. */
export function readEnvironment() {
  const file = join(projectRoot, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
  return {
    NODE_ENV: 'production',
    ...process.env,
    DATA_DIR: resolve(projectRoot, process.env.DATA_DIR || 'data'),
  };
}
