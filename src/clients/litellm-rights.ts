import { randomUUID } from 'node:crypto';
import { PermanentError } from '../domain/errors.js';
import type { HttpReply, HttpRequest } from './http.js';
import { throwForLitellmAnswer } from './litellm-refusal.js';
import { errorMessage } from './reply.js';

type Call = (path: string, more?: Partial<HttpRequest>) => Promise<HttpReply>;

/**
 * Whether model writes would be taken, without one. Recorded from 1.81.15: a PATCH of an id that nobody has is answered
 * before anything is written, by 404 where models are kept in the database, by 400 or 500 where they are not, but without a
 * look at the role; `GET /credentials` is what only an administrator's key may read.
 */
export async function mayWrite(call: Call, who: string): Promise<'yes' | 'unknown'> {
  const id = randomUUID();
  const patch = await call(`/model/${id}/update`, { method: 'PATCH', json: { model_info: { id } } });
  const isUnknownId = patch.status === 404 && !['', 'Not Found'].includes(errorMessage(patch.text));
  if (!isUnknownId) throwForLitellmAnswer(patch, who);
  const credentials = await call('/credentials');
  const { status } = credentials;
  const message = errorMessage(credentials.text);
  if (status === 401 && /only proxy admin/i.test(message)) {
    throw new PermanentError(
      `${who} lets this key read only: use the master key, or a key of a user with the role proxy_admin`,
    );
  }
  const isHidden = status === 403 && /not allowed to call this route/i.test(message);
  // A key that is limited to the model routes, or a version without this route: only a write would tell.
  if (isHidden || status === 404) return 'unknown';
  throwForLitellmAnswer(credentials, who);
  return isUnknownId ? 'yes' : 'unknown';
}
