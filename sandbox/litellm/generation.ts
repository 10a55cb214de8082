import { atLeast } from '../version.js';

/** What differs between the two measured generations of the proxy. */
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
    readinessTellsVersion: !atLeast(version, '1.84.0'),
  };
}
