import { bullBoardPath } from '../bull-board.js';
import { definePage } from './define-page.js';

/** Bull Board in the same frame. */
export const queuesPage = definePage({
  paths: ['/queues'],
  section: 'settings',
  view: 'queues',
  title: () => 'Queues',
  load: async (_input, services) => ({ board: bullBoardPath, isAlive: await services.isQueueAlive() }),
});
