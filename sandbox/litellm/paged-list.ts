import { json, type Reply } from '../reply.js';
import type { Call } from '../routes.js';
import { echo } from './echo.js';
import { DATABASE_NOT_CONNECTED, detailError, invalid, plain500 } from './errors.js';
import type { Proxy } from './proxy.js';
import type { Deployment } from './worker.js';

/**
 * GET /v2/model/info. Looking for an id or a text also finds rows of the database that this worker has not loaded,
 * but only while its own list is not empty.
 */
export function pagedModels(proxy: Proxy, call: Call): Reply {
  const worker = proxy.worker(call.headers['x-sandbox-replica']);
  const page = positive(call, 'page', 1);
  const size = positive(call, 'size', 50);
  if (typeof page !== 'number') return page;
  if (typeof size !== 'number') return size;
  if (!proxy.hasDatabase) return detailError(500, DATABASE_NOT_CONNECTED);
  if (proxy.database.down) return plain500();

  const listed = proxy.listed(worker);
  const wanted = sorted(matching(proxy, listed, call), call);
  return json({
    data: wanted
      .slice((page - 1) * size, page * size)
      .map((deployment) => echo(deployment, worker.isGrown(deployment))),
    total_count: wanted.length,
    current_page: page,
    total_pages: Math.ceil(wanted.length / size),
    size,
  });
}

function matching(proxy: Proxy, listed: Deployment[], call: Call): Deployment[] {
  const [id, search, model, team] = ['modelId', 'search', 'model', 'teamId'].map(
    (key) => call.query.get(key) ?? '',
  );
  const loaded = new Set(listed.map((deployment) => deployment.id));
  const looksInDatabase = listed.length > 0 && (id !== '' || search !== '');
  const unloaded = looksInDatabase ? proxy.database.rows().filter((row) => !loaded.has(row.model_id)) : [];
  const fromDatabase = unloaded.map((row) => ({
    id: row.model_id,
    name: row.model_name,
    params: row.litellm_params,
    info: row.model_info,
    fromConfig: false,
  }));
  return [...listed, ...fromDatabase].filter(
    (deployment) =>
      (id === '' || deployment.id === id) &&
      (team === '' || deployment.info['team_id'] === team) &&
      (model === '' || deployment.name === model) &&
      deployment.name.toLowerCase().includes((search ?? '').toLowerCase()),
  );
}

/** Only the name sorts; the other orders have no effect without a licence. */
function sorted(deployments: Deployment[], call: Call): Deployment[] {
  if (call.query.get('sortBy') !== 'model_name') return deployments;
  const direction = call.query.get('sortOrder') === 'desc' ? -1 : 1;
  const key = ({ name }: Deployment) => name.toLowerCase();
  return [...deployments].sort((a, b) => (key(a) < key(b) ? -direction : key(a) > key(b) ? direction : 0));
}

function positive(call: Call, name: string, fallback: number): number | Reply {
  const given = call.query.get(name);
  if (given === null) return fallback;
  if (!/^-?\d+$/.test(given)) {
    const msg = 'Input should be a valid integer, unable to parse string as an integer';
    return invalid('int_parsing', ['query', name], msg, given);
  }
  const value = Number(given);
  if (value >= 1) return value;
  return invalid('greater_than_equal', ['query', name], 'Input should be greater than or equal to 1', given, {
    ge: 1,
  });
}
