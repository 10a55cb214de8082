import { adoptableRows } from '../domain/adoption.js';
import { markerKey, markerOf } from '../domain/deployment-body.js';
import type { DestinationRow } from '../domain/ports.js';
import { whatIsWanted } from '../domain/want.js';
import { compareRow } from '../jobs/compare-row.js';
import { isFresh, newestRowOf, type DestinationContents, type Known } from '../jobs/destination-view.js';
import { isAtLitellm } from '../jobs/plan-pushes.js';

export const owners = ['ours', 'foreign', 'config', 'other-instance', 'predecessor'] as const;
type Owner = (typeof owners)[number];

export const rowStates = ['in-step', 'drifted', 'pending', 'stray'] as const;
type RowState = (typeof rowStates)[number];

export const missingStates = ['pending', 'failed', 'not-listed', 'not-pushed'] as const;
type MissingState = (typeof missingStates)[number];

export interface JudgedRow {
  row: DestinationRow;
  owner: Owner;
  /** Null for rows that are not ours. */
  state: RowState | null;
  driftedKeys: string[];
  /** The model that this row stands for. */
  known?: Known;
  /** An older copy of that model's row, which its push removes. */
  isCopy: boolean;
}

export interface Clock {
  hashKey: Uint8Array;
  now: () => Date;
}

/** Every row of a listing: whose it is, and how it stands to what is wanted. */
export function judgeRows(contents: DestinationContents, clock: Clock): JudgedRow[] {
  const { rows, settings, ours } = contents;
  const claims = claimsOf(contents);
  const unmarked = rows.filter((row) => !(markerKey in row.modelInfo));
  const predecessors = new Set([...adoptableRows(unmarked).values()].flat().map(({ id }) => id));
  return rows.map((row) => {
    const claim = row.dbModel ? claims.get(row.id) : undefined;
    if (claim !== undefined) return judgeClaimed(row, claim, contents, clock);
    const none = { row, driftedKeys: [], isCopy: false };
    if (ours.has(row.id)) return { ...none, owner: 'ours', state: 'stray' };
    if (!row.dbModel) return { ...none, owner: 'config', state: null };
    if (predecessors.has(row.id)) return { ...none, owner: 'predecessor', state: null };
    const instance = markerOf(row.modelInfo)?.instance;
    const isOthers = instance !== undefined && instance !== settings.instanceId;
    return { ...none, owner: isOthers ? 'other-instance' : 'foreign', state: null };
  });
}

interface Claim {
  known: Known;
  isCopy: boolean;
}

/** Row ids with the model that each stands for; a row that the next reconcile adopts counts already. */
function claimsOf({ known, ours }: DestinationContents): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const entry of known) {
    const { deployment } = entry;
    const newest = deployment?.deploymentId == null ? newestRowOf(entry, ours)?.row.id : undefined;
    const id = deployment?.deploymentId ?? newest;
    for (const copy of deployment?.retiredIds ?? []) claims.set(copy, { known: entry, isCopy: true });
    if (id !== undefined) claims.set(id, { known: entry, isCopy: false });
  }
  return claims;
}

function judgeClaimed(
  row: DestinationRow,
  { known, isCopy }: Claim,
  contents: DestinationContents,
  clock: Clock,
): JudgedRow {
  const drifted = driftOf(row, known, contents, clock);
  const state =
    isCopy || drifted === 'pending'
      ? ('pending' as const)
      : drifted.length > 0
        ? ('drifted' as const)
        : ('in-step' as const);
  const driftedKeys = state === 'drifted' ? (drifted as string[]) : [];
  return { row, owner: 'ours', state, driftedKeys, known, isCopy };
}

/** `pending`: a push is under way or wanted, so that a difference says nothing about people at LiteLLM. */
function driftOf(
  row: DestinationRow,
  known: Known,
  { settings, ours }: DestinationContents,
  { hashKey, now }: Clock,
): string[] | 'pending' {
  const { deployment, model, provider } = known;
  if (!isAtLitellm(deployment) || deployment.intent !== null || deployment.pending) return 'pending';
  const { want } = whatIsWanted(model, provider, now().getTime());
  if (want === 'absent') return 'pending';
  if (want === 'leave') return [];
  if (!known.isReadable) return 'pending'; // what is wanted is not known until its key is entered again
  const seen = { row, marker: ours.get(row.id)?.marker };
  const { drifted, carriedHash, wantedHash } = compareRow(known, deployment, seen, settings, hashKey);
  if (drifted.length > 0) return isFresh(deployment, settings, { now }) ? 'pending' : drifted;
  return carriedHash === wantedHash ? [] : 'pending';
}

/** Models that LiteLLM should list and does not. */
export function missingModels(
  contents: DestinationContents,
  judged: JudgedRow[],
  { now }: Pick<Clock, 'now'>,
): { known: Known; state: MissingState }[] {
  const listed = new Set(judged.flatMap(({ known, isCopy }) => (known && !isCopy ? [known.model.id] : [])));
  return contents.known.flatMap((known) => {
    const { model, provider, deployment } = known;
    const { want } = whatIsWanted(model, provider, now().getTime());
    const isExpected = want === 'present' || (want === 'leave' && isAtLitellm(deployment));
    if (!isExpected || listed.has(model.id)) return [];
    return [{ known, state: missingState(known, contents, now) }];
  });
}

function missingState(
  { deployment }: Known,
  { settings }: DestinationContents,
  now: () => Date,
): MissingState {
  if (deployment === undefined) return 'not-pushed';
  if (deployment.pending || deployment.intent !== null) return 'pending';
  if (deployment.lastError !== null) return 'failed';
  if (deployment.appliedHash === null) return 'not-pushed';
  return isFresh(deployment, settings, { now }) ? 'pending' : 'not-listed';
}
