import { redactUrl } from '../domain/base-url.js';
import { messageOf } from '../domain/errors.js';
import type { DestinationAccess } from '../domain/ports.js';
import { howToUpdate, type UpdateStrategy } from '../domain/update-strategy.js';
import { readContents } from '../jobs/destination-view.js';
import { explainFailure, type ConnectionFailure } from './connection-failure.js';
import type { ApiServices } from './define-route.js';
import { judgeRows, owners } from './destination-rows.js';
import { withPatience } from './patience.js';

const patienceMs = 15_000;

export interface Ability {
  /** Null: not found out. */
  ok: boolean | null;
  message: string;
}

export interface DestinationResult extends Partial<ConnectionFailure> {
  success: boolean;
  message: string;
  version: string | null;
  models: ({ total: number } & Record<(typeof owners)[number], number>) | null;
  can: { list: Ability; write: Ability; patch_safely: Ability };
}

type Services = Pick<ApiServices, 'stores' | 'destination' | 'now' | 'logger'>;

/** Version, one listing, and what a write would meet; nothing is written. */
export async function tryDestination(
  access: DestinationAccess,
  services: Services,
  signal: AbortSignal,
  ms = patienceMs,
): Promise<DestinationResult> {
  const { stores, destination } = services;
  const who = `LiteLLM at ${redactUrl(access.baseUrl)}`;
  const patience = { ms, who, signal };
  const { updateStrategy } = await stores.settings.get();
  let version: string | undefined;
  try {
    version = await withPatience(patience, (until) => destination.version(access, until));
    const rows = await withPatience(patience, (until) => destination.list(access, until));
    const models = await count(rows, services);
    const write = await writeAbility(access, services, patience);
    const listed = `it lists ${rows.length === 1 ? '1 model' : `${rows.length} models`}`;
    const { ok, failure } = write;
    return {
      success: ok !== false,
      message: ok === false ? write.message : `${who} answered; ${listed}`,
      ...(ok === false && failure),
      version: version ?? null,
      models,
      can: {
        list: { ok: true, message: listed },
        write: { ok, message: write.message },
        patch_safely: patchAbility(version, updateStrategy),
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    return failedTest(explain(error, access, services), version, updateStrategy);
  }
}

/** Also for an address that was not asked at all. */
export function failedTest(
  failure: ConnectionFailure,
  version: string | undefined,
  strategy: UpdateStrategy,
): DestinationResult {
  return {
    success: false,
    ...failure,
    version: version ?? null,
    models: null,
    can: {
      list: { ok: false, message: failure.message },
      write: { ok: null, message: 'not tried, as it does not list its models' },
      patch_safely: patchAbility(version, strategy),
    },
  };
}

async function count(
  rows: Parameters<typeof readContents>[0],
  { stores, now }: Services,
): Promise<DestinationResult['models']> {
  const contents = await readContents(rows, { stores });
  const judged = judgeRows(contents, { hashKey: await stores.settings.hashKey(), now });
  const counts = Object.fromEntries(
    owners.map((owner) => [owner, judged.filter((row) => row.owner === owner).length]),
  ) as Record<(typeof owners)[number], number>;
  return { total: rows.length, ...counts };
}

async function writeAbility(
  access: DestinationAccess,
  services: Services,
  patience: Parameters<typeof withPatience>[0],
): Promise<Ability & { failure?: ConnectionFailure }> {
  try {
    const answer = await withPatience(patience, (until) => services.destination.mayWrite(access, until));
    return answer === 'yes'
      ? { ok: true, message: 'the key may write, and models are kept in the database' }
      : {
          ok: null,
          message:
            'nothing speaks against it, but this key may not see whether it is an administrator’s; the first push tells',
        };
  } catch (error) {
    patience.signal.throwIfAborted();
    const failure = explain(error, access, services);
    const isRefused = failure.error_type === 'http_error';
    return { ok: isRefused ? false : null, message: failure.message, ...(isRefused && { failure }) };
  }
}

function patchAbility(version: string | undefined, strategy: UpdateStrategy): Ability {
  const auto = howToUpdate({ strategy: 'auto', version, removesKeys: false });
  const isSafe = auto === 'patch';
  const told = version === undefined ? 'it does not tell its version' : `it is ${version}`;
  const why = isSafe
    ? `${told}: a PATCH leaves other models served, so "auto" changes deployments by PATCH`
    : `${told}: a PATCH may take every database model out of service for a moment, so "auto" replaces deployments ` +
      '(create, see it served, delete the old one)';
  const set = strategy === 'auto' ? '' : `; the setting update_strategy says ${strategy}`;
  return { ok: version === undefined ? null : isSafe, message: why + set };
}

function explain(error: unknown, { baseUrl }: DestinationAccess, { logger }: Services): ConnectionFailure {
  const failure = explainFailure(error, baseUrl);
  if (failure.error_type === 'unknown_error')
    logger.error('a test of LiteLLM failed', { error: messageOf(error) });
  return failure;
}
