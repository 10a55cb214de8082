import createError from 'http-errors';
import { messageOf } from '../domain/errors.js';

/** A call to a server that is not ours; what it throws says in words what is wrong there, and echoes no foreign body. */
export async function upstream<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw createError(502, messageOf(error), { cause: error });
  }
}
