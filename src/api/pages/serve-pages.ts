import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Eta } from 'eta';
import express, { type RequestHandler, type Router } from 'express';
import { actorOf, needs, type Actor } from '../auth.js';
import type { ApiServices } from '../define-route.js';
import { includes, type Scope } from '../../domain/scope.js';
import { loginAddress } from '../way-back.js';
import { sections, type Page } from './define-page.js';
import { format } from './format.js';
import { pages } from './pages.js';
import { webFolder } from './web-folder.js';

/** Static files change with the version only, which is part of their address. */
const staticAge = '365d';

const eta = new Eta({ views: join(webFolder, 'views'), cache: true, autoEscape: true });

/** What every view may use beside its own data. */
interface Frame {
  title: string;
  section: string;
  sections: readonly string[];
  version: string;
  path: string;
  now: string;
  actor: Actor;
  may: (scope: Scope) => boolean;
  format: typeof format;
}

/** Files that a browser needs before it is logged in, too. */
export function staticFiles(): Router {
  const router = express.Router();
  const htmx = dirname(createRequire(import.meta.url).resolve('htmx.org/dist/htmx.min.js'));
  const options = { maxAge: staticAge, immutable: true, index: false };
  router.get('/static/:version/htmx.js', (_request, response) =>
    response.sendFile('htmx.min.js', { root: htmx, maxAge: staticAge, immutable: true }),
  );
  router.use('/static/:version', express.static(join(webFolder, 'static'), options));
  return router;
}

export function servePages(services: ApiServices): Router {
  const router = express.Router();
  for (const page of pages) {
    const [path, ...former] = page.paths;
    router.get(path, browsersOnly, needs(page.scope ?? 'read'), serve(page, services));
    for (const each of former) {
      router.get(each, browsersOnly, (_request, response) => response.redirect(301, path));
    }
  }
  return router;
}

/** Some addresses answer scripts with JSON, as the predecessor's did. */
const browsersOnly: RequestHandler = (request, _response, next) => {
  // htmx says who it is, not what it accepts.
  const wantsPage = request.get('hx-request') !== undefined || request.accepts(['json', 'html']) === 'html';
  next(wantsPage ? undefined : 'route');
};

function serve(page: Page, services: ApiServices): RequestHandler {
  return async (request, response, next) => {
    const params = page.params?.safeParse(request.params);
    if (params?.success === false) {
      next('route'); // such as /models/show, which is no id
      return;
    }
    const query = page.query?.safeParse(request.query);
    const actor = actorOf(response);
    const data = await page.load(
      {
        params: params?.data,
        query: query?.success ? query.data : page.query?.parse({}),
        actor,
      },
      services,
    );
    const frame = frameOf(page.title(data), page.section, request.originalUrl, actor, services);
    response.type('html').send(eta.render(page.view, { ...frame, ...data }));
  };
}

/** For browsers, in the same frame as everything else. */
export function errorPage(
  problem: { title: string; status: number; detail: string },
  services: Pick<ApiServices, 'version' | 'now'>,
  path: string,
  actor: Actor | undefined,
): string {
  const who: Actor = actor ?? { name: '', scope: 'read', via: 'open' };
  return eta.render('error', {
    ...frameOf(problem.title, '', path, who, services),
    problem,
    login: loginAddress(path),
    known: actor !== undefined,
  });
}

/** `next`: a path of ours, where the login leads to. */
export function loginView(
  note: string,
  next: string,
  services: Pick<ApiServices, 'version' | 'now'>,
): string {
  const nobody: Actor = { name: '', scope: 'read', via: 'open' };
  const action = loginAddress(next);
  return eta.render('login', { ...frameOf('Log in', '', '/login', nobody, services), note, action });
}

function frameOf(
  title: string,
  section: string,
  path: string,
  actor: Actor,
  { version, now }: Pick<ApiServices, 'version' | 'now'>,
): Frame {
  return {
    title,
    section,
    sections,
    version,
    path,
    now: now().toISOString(),
    actor,
    may: (scope) => includes(actor.scope, scope),
    format,
  };
}
