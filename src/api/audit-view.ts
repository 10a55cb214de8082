import { z } from 'zod';
import type { AuditEvent } from '../entities/audit-event.js';

const fields = z.record(z.string(), z.unknown());

/** Who did what; of a change, the fields that differ. */
export const auditView = z
  .object({
    id: z.int(),
    at: z.string(),
    actor: z.string(),
    action: z.string(),
    subject: z.string().nullable(),
    target: z.string().nullable(),
    details: fields.nullable(),
    before: fields.nullable(),
    after: fields.nullable(),
  })
  .meta({ id: 'AuditEvent' });

export function viewAudit(event: AuditEvent): z.infer<typeof auditView> {
  const { id, at, actor, action, subject, target, details, before, after } = event;
  return { id, at, actor, action, subject, target, details, before, after };
}
