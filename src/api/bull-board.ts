import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Router } from 'express';
import type { Queues } from '../jobs/queues.js';

export const bullBoardPath = '/admin/queues';

export function bullBoard(queues: Queues): Router {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(bullBoardPath);
  createBullBoard({
    queues: Object.values(queues.byName).map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'LiteLLM Updater' } },
  });
  return adapter.getRouter() as Router;
}
