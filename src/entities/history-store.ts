import { AuditEvent } from './audit-event.js';
import type { Database } from './database.js';
import { JobRun } from './job-run.js';

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
}
