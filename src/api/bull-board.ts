import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { AppViewRoute } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { Router } from 'express';
import type { Queues } from '../jobs/queues.js';

export const bullBoardPath = '/admin/queues';

export function bullBoard(queues: Queues): Router {
  const adapter = new OwnPageAdapter();
  adapter.setBasePath(bullBoardPath);
  createBullBoard({
    queues: Object.values(queues.byName).map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'LiteLLM Updater' } },
  });
  return adapter.getRouter() as Router;
}

/** Its page asks a third party for a font; no browser of ours tells anybody else that it is here. */
class OwnPageAdapter extends ExpressAdapter {
  override setEntryRoute(entry: AppViewRoute): this {
    this.app[entry.method](entry.route, (_request, response, next) => {
      const { name, params } = entry.handler({ basePath: this.basePath, uiConfig: this.uiConfig });
      response.render(name, params, (error, html) => {
        if (error) next(error);
        else response.send(withoutForeignLinks(html));
      });
    });
    return this;
  }
}

function withoutForeignLinks(html: string): string {
  return html.replaceAll(/<link\b[^>]*\bhref="(?:https?:)?\/\/[^>]*>/gi, '');
}
