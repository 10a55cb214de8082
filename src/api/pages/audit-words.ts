import type { AuditEvent } from '../../entities/audit-event.js';

/** Enough to see what it was; `GET /api/audit` has the rest. */
const mostFields = 6;
const mostText = 90;

const ownFields = new Set([
  'id',
  'uuid',
  'name',
  'created_at',
  'created_by',
  'updated_at',
  'hint',
  'edit_version',
]);

interface AuditLine {
  at: string;
  actor: string;
  via: string | null;
  action: string;
  subject: string | null;
  link: string | null;
  /** Either side is null where there was nothing. */
  fields: { name: string; before: string | null; after: string | null }[];
  more: number;
  notes: string[];
}

const pagesOf: Record<string, string> = { model: '/models/', provider: '/providers/', run: '/runs/' };

/** One line of the audit trail, in words. */
export function lineOf(event: AuditEvent): AuditLine {
  const { before, after, details } = event;
  const { via, ...others } = details ?? {};
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
    // What was made or is gone tells only what it had.
    .filter((name) => (before !== null && after !== null) || !isDull(name, (after ?? before)?.[name]));
  const [kind = '', id = ''] = event.target?.split(':') ?? [];
  const page = pagesOf[kind];
  return {
    at: event.at,
    actor: event.actor,
    via: typeof via === 'string' ? via : null,
    action: event.action,
    subject: event.subject,
    link: page !== undefined && /^\d+$/.test(id) && !event.action.endsWith('.delete') ? page + id : null,
    fields: names.slice(0, mostFields).map((name) => ({
      name,
      before: before === null ? null : short(before[name]),
      after: after === null ? null : short(after[name]),
    })),
    more: Math.max(0, names.length - mostFields),
    notes: Object.entries(others).map(([name, value]) => `${name}: ${short(value)}`),
  };
}

/** Of what was made or is gone: nothing there, or said elsewhere in the line. */
function isDull(name: string, value: unknown): boolean {
  if (ownFields.has(name)) return true;
  if (value === null || value === undefined || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function short(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > mostText ? `${text.slice(0, mostText)}…` : text;
}
