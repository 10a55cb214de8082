import type { LitellmOptions, LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { call } from './recordings.js';
import { exchangesOf, listedIn, writtenIn, type Exchange } from './replay-fixtures.js';

/** A group of recordings, and the state of the rig in which they were taken. */
export interface Group {
  name: string;
  options?: LitellmOptions;
  /** Groups that ran before on the same proxy, and whose rows are still there. */
  after?: string[];
  setUp?: (standIn: LitellmStandIn) => void | Promise<void>;
  /** What happened before the exchange with that number. */
  before?: Record<number, (standIn: LitellmStandIn) => void>;
  /** Which of two proxies was asked. */
  replica?: (exchange: Exchange) => number;
}

const API_BASE = 'http://127.0.0.1:18434/v1';
const ONLY = [
  {
    model_name: 'cfg/only',
    litellm_params: { model: 'openai/only', api_base: API_BASE },
    model_info: { id: 'c7fed365a8a6082580e826ccda9ac99fdd94c3c9aed2d79b98c13edef1b9b71f' },
  },
];
const admin = { id: 'u-adm', role: 'proxy_admin' } as const;
const poll = (standIn: LitellmStandIn) => standIn.poll();

export const GROUPS: Group[] = [
  { name: 'start' },
  {
    name: 'authentication',
    options: {
      keys: [
        { key: 'sk-rig-plain-0001' },
        { key: 'sk-rig-u-int', user: { id: 'u-int', role: 'internal_user' } },
        { key: 'sk-rig-u-view', user: { id: 'u-view', role: 'proxy_admin_viewer' } },
        { key: 'sk-rig-u-adm', user: admin },
        {
          key: 'sk-rig-limited',
          user: admin,
          allowedRoutes: ['/model/new', '/model/delete', '/model/*', '/v2/model/info', '/model/info'],
        },
        { key: 'sk-rig-expired', user: admin, expired: true },
      ],
    },
  },
  { name: 'model-new' },
  { name: 'odd-bodies', after: ['model-new'] },
  { name: 'odd-ids' },
  { name: 'patch' },
  { name: 'model-update', after: ['patch'] },
  { name: 'update-then-poll', setUp: seedRowOfUpdate, before: { 1026: poll } },
  { name: 'model-delete' },
  { name: 'lists', setUp: seedListedRows },
  { name: 'credentials' },
  { name: 'credential-rotation' },
  {
    name: 'config-file',
    options: {
      configRows: [
        {
          model_name: 'cfg/static-chat',
          litellm_params: { model: 'openai/static-chat', api_base: API_BASE },
          model_info: {
            id: 'a3079e2ce31357855047764ed4563274868471e95300d259f05b9ffabd991def',
            mode: 'chat',
          },
        },
        {
          model_name: 'cfg/static-with-id',
          litellm_params: { model: 'openai/static-two', api_base: API_BASE },
          model_info: { id: 'cfg-static-two', mode: 'chat', note: 'from-yaml' },
        },
      ],
    },
  },
  { name: 'store-off', options: { configRows: ONLY, storeModelInDb: false } },
  { name: 'no-database', options: { configRows: ONLY, database: 'none' } },
  { name: 'no-config-file', options: { configFile: 'none' } },
  {
    name: 'database-down',
    before: {
      571: (standIn) => (standIn.databaseDown = true),
      581: poll,
      584: (standIn) => (standIn.databaseDown = false),
    },
  },
  {
    name: 'two-proxies',
    options: { replicas: 2 },
    before: { 594: poll, 600: poll, 601: poll, 602: poll, 604: poll, 605: poll },
    replica: ({ name }) => (name.startsWith('two: B ') ? 1 : 0),
  },
  {
    name: 'failed-read-in-patch',
    before: { 1003: (standIn) => (standIn.failNextReadInPatch = true) },
  },
  { name: 'wrong-salt-key', setUp: seedUnreadableRow },
  { name: 'echo-drift' },
  { name: 'unserved', setUp: chatThrough('openai/x') },
  {
    name: 'limited-key',
    setUp: chatThrough('openai/x'),
    options: { keys: [{ key: 'sk-rig-seea', user: admin, models: ['see/a'] }] },
  },
];

/** The twelve rows of the lists were made by calls that were not recorded; the first listing shows them. */
function seedListedRows(standIn: LitellmStandIn): void {
  for (const row of listedIn(exchangesOf('lists')[0])) {
    const info = Object.entries(row.model_info).filter(
      ([key]) => !key.includes('cost') && key !== 'db_model',
    );
    standIn.seed({ ...row, model_info: Object.fromEntries(info) });
  }
}

/** The row was made by a call that was not recorded; the answers show all but what the update dropped. */
function seedRowOfUpdate(standIn: LitellmStandIn): Promise<void> {
  const [update, later] = exchangesOf('update-then-poll');
  const [row] = listedIn(later);
  const { model_info } = writtenIn(update);
  if (row === undefined) throw new Error('the last answer shows no row');
  const params = { ...row.litellm_params, api_key: 'k', rpm: 60, keep_alive: '10m', tags: ['lab'] };
  standIn.seed({ model_name: row.model_name, litellm_params: params, model_info });
  return chatThrough('openai/a')(standIn);
}

/** The group came after a priced chat through that model, whose row is gone since. */
function chatThrough(model: string): (standIn: LitellmStandIn) => Promise<void> {
  return async ({ url }) => {
    const row = { model_name: 'before', litellm_params: { model, input_cost_per_token: 0 } };
    await call(url, 'POST', '/model/new', { ...row, model_info: { id: 'before' } });
    await call(url, 'POST', '/v1/chat/completions', { model: 'before', messages: [] });
    await call(url, 'POST', '/model/delete', { id: 'before' });
  };
}

/** One of 300 rows, as the last answer of the group shows it after its PATCH. */
function seedUnreadableRow(standIn: LitellmStandIn): void {
  const after = writtenIn(exchangesOf('wrong-salt-key').at(-1));
  const info = Object.entries(after.model_info).filter(([key]) => key !== 'x');
  standIn.seed({ ...after, model_info: Object.fromEntries(info) });
  standIn.wrongSaltKey = true;
  standIn.restart();
}
