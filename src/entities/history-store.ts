import { AuditEvent } from './audit-event.js';
import type { Database } from './database.js';
import { JobRun } from './job-run.js';

export interface AuditQuery {
  actor?: string;
  action?: string;
  /** `model:12`, `provider:3`, … */
  target?: string;
  limit: number;
  offset: number;
}

export interface JobRunsQuery {
  runId?: number;
  queue?: string;
  outcome?: JobRun['outcome'];
  limit: number;
  offset: number;
}

/** What happened: executions of jobs, and changes that people made. */
export class HistoryStore {
  constructor(private readonly database: Database) {}

  async addJobRun(run: Omit<JobRun, 'id'>): Promise<void> {
    await this.database.insert(JobRun, run);
  }

  async jobRunsOf(runId: number, limit: number): Promise<JobRun[]> {
    return this.database.repository(JobRun).find({ where: { runId }, order: { id: 'DESC' }, take: limit });
  }

  async addAuditEvent(event: Omit<AuditEvent, 'id'>): Promise<void> {
    await this.database.insert(AuditEvent, event);
  }

  /** Newest first. */
  async auditEvents(query: AuditQuery): Promise<{ items: AuditEvent[]; total: number }> {
    const { limit, offset, ...where } = query;
    const [items, total] = await this.database
      .repository(AuditEvent)
      .findAndCount({ where, order: { id: 'DESC' }, take: limit, skip: offset });
    return { items, total };
  }

  /** Newest first. */
  async jobRuns(query: JobRunsQuery): Promise<{ items: JobRun[]; total: number }> {
    const { limit, offset, ...where } = query;
    const [items, total] = await this.database
      .repository(JobRun)
      .findAndCount({ where, order: { id: 'DESC' }, take: limit, skip: offset });
    return { items, total };
  }
}
