import type { FoundModel } from '../domain/found-model.js';

/** A payload of a chunk stays well below what Redis and one short transaction take comfortably. */
const mostModels = 100;
const mostBytes = 1_000_000;

export function chunkModels(models: FoundModel[]): FoundModel[][] {
  const chunks: FoundModel[][] = [];
  let bytes = Infinity;
  for (const model of models) {
    const size = JSON.stringify(model).length;
    const chunk = chunks.at(-1);
    if (chunk === undefined || chunk.length >= mostModels || bytes + size > mostBytes) {
      chunks.push([model]);
      bytes = size;
    } else {
      chunk.push(model);
      bytes += size;
    }
  }
  return chunks;
}
