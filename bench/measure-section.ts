import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './report.js';
import type { Section } from './section.js';
import { startProduct, type Product } from './start-product.js';
import { startStandIns } from './start-stand-ins.js';

export interface Surroundings {
  quick: boolean;
  redisUrl: string;
  say: (text: string) => void;
  /** A process that ends by itself aborts it. */
  stop: AbortController;
  /** The reason of a stop that a person asked for. */
  interrupted: Error;
}

/** Whatever happens, what was started is stopped and the folder goes. */
export async function measureSection(
  section: Section,
  { quick, redisUrl, say, stop, interrupted }: Surroundings,
): Promise<Figure[]> {
  const { signal } = stop;
  const folder = mkdtempSync(join(tmpdir(), 'litellm-updater-bench-'));
  const closers: (() => Promise<void>)[] = [];
  const products: Product[] = [];
  try {
    return await section.measure({
      quick,
      folder,
      redisUrl,
      say: (text) => say(`${section.name}: ${text}`),
      signal,
      async startStandIns(options) {
        const standIns = await startStandIns(options);
        closers.push(() => standIns.stop());
        signal.throwIfAborted();
        return standIns;
      },
      async startProduct(destination) {
        const product = await startProduct(
          { folder: mkdtempSync(join(folder, 'product-')), redisUrl, destination },
          { signal, onEnd: (failure) => stop.abort(failure) },
        );
        closers.push(() => product.stop());
        products.push(product);
        return product;
      },
    });
  } catch (error) {
    if (signal.reason !== interrupted) products.forEach(showLog);
    throw error;
  } finally {
    for (const close of closers.reverse()) await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function showLog(product: Product): void {
  process.stderr.write(`\nThe last lines that api and worker logged:\n${product.logTail()}\n`);
}
