import { atLeast } from '../version.js';

/**
 * What differs between two generations of the proxy. The older one was measured, on 1.81.15. The newer one, from 1.102 on,
 * was only read from its source and is unverified: no recording shows it.
 */
export interface Generation {
  version: string;
  /** A PATCH takes every database model out of service on its worker, then loads them again. */
  patchUnserves: boolean;
  /** The poll compares only litellm_params, and does nothing when the database has no row. */
  pollIsBlind: boolean;
  /** One lock around every model write. */
  serialisesWrites: boolean;
  /** Token prices in model_info are not stored. */
  dropsInfoPrices: boolean;
  /** A write whose deployment cannot be served is a 500, although it was saved. */
  reportsUnserved: boolean;
  readinessTellsVersion: boolean;
  /** POST /model/update renames too, and its worker loads the change at once. */
  updateIsLive: boolean;
  /** A PATCH removes prices, credential name and cache points when null is sent for them. */
  clearsByNull: boolean;
  /** A chat with a name that the worker does not know makes it read the table. */
  readsThrough: boolean;
}

export function generationOf(version: string): Generation {
  const newer = atLeast(version, '1.102.0');
  return {
    version,
    patchUnserves: !newer,
    pollIsBlind: !newer,
    serialisesWrites: newer,
    dropsInfoPrices: newer,
    reportsUnserved: newer,
    updateIsLive: newer,
    clearsByNull: newer,
    readsThrough: newer,
    readinessTellsVersion: !atLeast(version, '1.84.0'),
  };
}
