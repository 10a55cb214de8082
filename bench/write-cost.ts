import type { WriteCost } from '../sandbox/litellm/write-cost.js';

/**
 * What a create takes at the LiteLLM stand-in. `light`: the real one reads and decrypts every row at each write too, and
 * is slower; this much keeps 1,000 creates within half a minute and still grows as the real cost does.
 */
export const writeCosts = {
  light: (rows: number) => 10 + rows * 0.02,
  measured: 'measured',
} satisfies Record<string, WriteCost>;

export type WriteCostName = keyof typeof writeCosts;

export const writeCostTexts: Record<WriteCostName, string> = {
  light: '10 ms + 0.02 ms a row',
  measured: 'as measured on LiteLLM 1.81.15',
};
