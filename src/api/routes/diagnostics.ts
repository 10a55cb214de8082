import { z } from 'zod';
import { defineRoute, type ApiServices } from '../define-route.js';
import { diagnosis, gatherFacts, viewDiagnosis } from '../diagnosis/diagnosis.js';
import { findProblems, problem, statusOf } from '../diagnosis/problems.js';

const problems = z.array(problem).describe('worst first');

export const diagnosticsRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/diagnostics'],
    group: 'diagnostics',
    summary: 'Every component with its state, last success and lag, and what is wrong in words',
    scope: 'read',
    reply: diagnosis.extend({ problems }),
    async handle(_input, services) {
      return diagnose(services);
    },
  }),
  defineRoute({
    method: 'get',
    paths: ['/api/diagnostics/health'],
    group: 'diagnostics',
    summary: 'Whether everything goes on, and what is wrong in words; always answers 200',
    scope: 'read',
    reply: z.object({
      status: z
        .enum(['ok', 'degraded', 'down'])
        .describe('down: nothing is synced or pushed; warnings alone leave it ok'),
      problems,
    }),
    async handle(_input, services) {
      const { problems: found } = await diagnose(services);
      return { status: statusOf(found), problems: found };
    },
  }),
];

async function diagnose(services: ApiServices) {
  const facts = await gatherFacts(services);
  const view = viewDiagnosis(facts, services.version);
  return { ...view, problems: findProblems(view, facts) };
}
