import { expect } from '@jest/globals';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/ensure-chromium.mjs';

/** For what one click changes; a whole sync on a busy machine is waited for with more. */
const patienceMs = 30_000;

/** No sandbox: tests run as root in containers. The rest keeps it from calling home. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `names`: host names that this browser takes for this machine. */
export async function openBrowser(names: string[] = []): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? findChromium();
  if (executablePath === undefined) throw new Error('no Chromium: run the tests by `npm test`');
  const rules = names.map((name) => `MAP ${name} 127.0.0.1`);
  return chromium.launch({
    executablePath,
    args: rules.length === 0 ? args : [...args, `--host-resolver-rules=${rules.join(', ')}`],
  });
}

/** Tells on the console what the policy refused, also inside frames. */
const tellViolations = `addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP: ' + event.violatedDirective + ' refused ' + (event.blockedURI || event.sample)));`;

/** One person in one browser: their tabs, and everything there that should not be. */
export class Visit {
  readonly troubles: string[] = [];
  private readonly expected = new Set<number>();

  private constructor(
    readonly url: string,
    private readonly context: BrowserContext,
  ) {
    context.setDefaultTimeout(patienceMs);
    context.on('console', (message) => {
      if (message.type() === 'error' && !this.isExpected(message.text()))
        this.troubles.push(`console: ${message.text()}`);
    });
    context.on('weberror', (error) => void this.troubles.push(`page: ${error.error().message}`));
    context.on('dialog', (dialog) => {
      this.troubles.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol !== 'data:' && host !== new URL(url).host)
        this.troubles.push(`request to ${request.url()}`);
    });
  }

  /** Logs in by the form, as a person does. */
  static async begin(browser: Browser, url: string, token: string): Promise<Visit> {
    const context = await browser.newContext({ baseURL: url });
    await context.addInitScript(tellViolations);
    const visit = new Visit(url, context);
    const page = await visit.tab('/');
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL(`${url}/`);
    await page.close();
    return visit;
  }

  async tab(path: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(path);
    return page;
  }

  /** The browser itself puts a line on the console for each refusal; what is asked for in a test is none of its findings. */
  expectRefusal(status: number): void {
    this.expected.add(status);
  }

  /** Nothing went wrong since the last look: no error, no violation of the policy, no dialog, no foreign host. */
  expectCalm(): void {
    const troubles = this.troubles.splice(0);
    this.expected.clear();
    expect(troubles).toEqual([]);
  }

  async end(): Promise<void> {
    await this.context.close();
  }

  private isExpected(text: string): boolean {
    // Said by the browser, and once more by htmx.
    const told =
      /^(?:Failed to load resource: the server responded with a status of|Response Status Error Code) (\d+)/;
    const status = told.exec(text)?.[1];
    return status !== undefined && this.expected.has(Number(status));
  }
}

/** Waits until it says so. */
export async function shows(place: Locator, text: string | RegExp, timeout = patienceMs): Promise<void> {
  await place.filter({ hasText: text }).first().waitFor({ timeout });
}

/** Marks the document; a reload would take the mark away. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate('globalThis.stayed = true');
}

export async function expectNotReloaded(page: Page): Promise<void> {
  expect(await page.evaluate('globalThis.stayed')).toBe(true);
}

/** Answers the dialog in which a button says what it will do; returns what it said. */
export async function confirm(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  const text = await dialog.innerText();
  await dialog.locator('[data-confirm-yes]').click();
  await dialog.waitFor({ state: 'hidden' });
  return text;
}
