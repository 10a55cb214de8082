import type { Product } from './product.js';

/** The worker's lists of models wait, once they have arrived, until they are let go: whatever happens meanwhile is in time. */
export function holdLists({ services }: Product): { arrived: Promise<void>; letGo: () => void } {
  const { catalogues } = services;
  let arrive = (): void => undefined;
  let letGo = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const held = new Promise<void>((resolve) => (letGo = resolve));
  services.catalogues = {
    ...catalogues,
    async list(...args) {
      const listed = await catalogues.list(...args);
      arrive();
      await held;
      return listed;
    },
  };
  return { arrived, letGo };
}
