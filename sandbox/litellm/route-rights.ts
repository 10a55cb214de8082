import { json, type Reply } from '../reply.js';
import type { Call } from '../routes.js';
import { proxyError, pythonDictError } from './errors.js';
import { isAdmin, type Caller } from './keys.js';

const ADMIN_ONLY = /^\/(credentials|config)(\/|$)/;
const CHANGES_MODELS = /^\/model\/(new|update|delete|.+\/update)$/;

/** What a key may call at all. Model writes by a key that is no admin reach the handler, which judges them there. */
export function refuseRoute(caller: Caller, { path }: Call): Reply | undefined {
  const { allowedRoutes, role, userId } = caller;
  if (allowedRoutes.length > 0 && !allowedRoutes.some((route) => covers(route, path))) {
    const routes = allowedRoutes.map((route) => `'${route}'`).join(', ');
    const message = `Virtual key is not allowed to call this route. Only allowed to call routes: [${routes}]. Tried to call route: ${path}`;
    return json({ detail: message }, 403);
  }
  if (isAdmin(caller)) return undefined;
  if (role === 'proxy_admin_viewer' && (ADMIN_ONLY.test(path) || CHANGES_MODELS.test(path))) {
    return proxyError(403, `user not allowed to access this route, role= ${role}. Trying to access: ${path}`);
  }
  if (!ADMIN_ONLY.test(path)) return undefined;
  return proxyError(
    401,
    'Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. ' +
      `Route=${path}. Your role=${role}. Your user_id=${userId}`,
  );
}

/** A model write by a key that is no admin's. */
export function notPermitted(caller: Caller): Reply | undefined {
  if (isAdmin(caller)) return undefined;
  return pythonDictError(
    403,
    'User does not have permission to make this model call. Your role=internal_user. You can only make model calls if ' +
      'you are a PROXY_ADMIN or if you are a team admin, by specifying a team_id in the model_info.',
  );
}

function covers(route: string, path: string): boolean {
  return route.endsWith('*') ? path.startsWith(route.slice(0, -1)) : route === path;
}
