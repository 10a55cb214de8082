import type { Browser } from 'playwright-core';
import { Installation, type Part } from '../support/processes.js';
import { openBrowser, Visit } from './visit.js';

/** api and worker as real processes, with a browser beside them. */
export class Installed {
  private constructor(
    readonly installation: Installation,
    readonly url: string,
    readonly worker: Part,
    readonly browser: Browser,
    readonly visit: Visit,
  ) {}

  static async start(environment: Record<string, string> = {}): Promise<Installed> {
    const installation = new Installation(environment);
    const browser = await openBrowser();
    try {
      const api = await installation.startApi();
      const worker = await installation.startWorker();
      const url = /"address":"(http:[^"]+)"/.exec(api.output())?.[1] ?? '';
      const { body } = await installation.call('POST', '/api/tokens', { name: 'browser', scope: 'admin' });
      return new Installed(installation, url, worker, browser, await Visit.begin(browser, url, body.token));
    } catch (error) {
      await browser.close();
      await installation.destroy();
      throw error;
    }
  }

  /** Syncs by the API, and waits for the end of the pushes. */
  async sync(providerId: number): Promise<any> {
    return this.installation.finished((await this.installation.startSync(providerId)).id);
  }

  modelId(name: string): number {
    const stored = this.installation.query<{ id: number; model_id: string }>(
      'SELECT id, model_id FROM models',
    );
    return stored.find((model) => model.model_id === name)!.id;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.installation.destroy();
  }
}
