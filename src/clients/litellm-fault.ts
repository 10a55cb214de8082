import { PermanentError, UnreachableError } from '../domain/errors.js';
import type { HttpReply } from './http.js';
import { errorMessage } from './reply.js';

/**
 * Faults that LiteLLM (1.81.15 and about 1.102) dresses up as something else. Its database being away comes as 401
 * "Authentication Error, Can't reach database server…", as 400 on a delete and as 500 on a PATCH.
 */
export function throwForLitellmFault(reply: HttpReply, who: string): void {
  if (reply.status < 400) return;
  const text = errorMessage(reply.text);
  if (databaseIsAway.test(text)) {
    throw new UnreachableError(
      `${who} cannot reach its database (${reply.status}): models come back when it does`,
    );
  }
  if (/no db connected|db not connected|no connected db/i.test(text)) {
    throw new PermanentError(
      `${who} runs without a database: set DATABASE_URL and STORE_MODEL_IN_DB=True for it`,
    );
  }
}

/** Prisma's and its engine client's words. */
const databaseIsAway =
  /can't reach database|database server|query engine|connection pool|connecterror|all connection attempts failed|P100[12]/i;

/** A proxy without a router: started without config file and without a model in its database. It serves nothing, and is well. */
export function isRouterless(reply: HttpReply): boolean {
  return reply.status === 500 && /LLM Model List not loaded|LLM Router is not loaded/i.test(reply.text);
}
