import type { Figure } from './report.js';
import type { DestinationOfProduct, Product } from './start-product.js';
import type { StandIns, StandInsOptions } from './start-stand-ins.js';

/** One measurement; `npm run bench -- --only <name>` runs it alone. */
export interface Section {
  name: string;
  measure(bench: Bench): Promise<Figure[]>;
}

/** What a section is given. What it starts is stopped when it ends, the last one first. */
export interface Bench {
  /** A small size, for a look. */
  quick: boolean;
  /** Empty, and the section's own. */
  folder: string;
  redisUrl: string;
  say: (text: string) => void;
  signal: AbortSignal;
  startStandIns(options: StandInsOptions): Promise<StandIns>;
  startProduct(destination: DestinationOfProduct): Promise<Product>;
}
