import { z } from 'zod';

/** `?limit=&offset=` of every list. */
export const paging = {
  limit: z.coerce.number('takes 1 to 500').int().min(1).max(500).default(100),
  offset: z.coerce.number('takes a number').int().min(0).default(0),
};

export const idParams = z.object({
  id: z.coerce.number('takes a number').int('takes a whole number').positive('takes a number above 0'),
});

/** Capitals are how a script in Python writes them. */
export const queryBoolean = z
  .enum(['true', 'false', '1', '0', 'True', 'False'], 'takes true or false')
  .transform((text) => text === '1' || text.toLowerCase() === 'true');

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), total: z.int() });
}
