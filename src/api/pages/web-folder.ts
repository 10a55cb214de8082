import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `web/` at the top of the project, from the source as from the build. */
export const webFolder = findWebFolder(dirname(fileURLToPath(import.meta.url)));

function findWebFolder(folder: string): string {
  const candidate = join(folder, 'web');
  if (existsSync(join(candidate, 'views'))) return candidate;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error('the folder web/ with the pages is missing: install the product again');
  return findWebFolder(parent);
}
