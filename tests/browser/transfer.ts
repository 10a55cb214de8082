import type { Page } from 'playwright-core';

/** What one tab got over the wire, heads and bodies as they were encoded, with nothing from a cache. */
export class Transfer {
  private readonly urls = new Map<string, string>();
  private readonly sizes = new Map<string, number>();

  static async begin(page: Page): Promise<Transfer> {
    const transfer = new Transfer();
    const session = await page.context().newCDPSession(page);
    session.on('Network.requestWillBeSent', ({ requestId, request }) => {
      transfer.urls.set(requestId, request.url);
    });
    // The stream of events never finishes, and is not counted.
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      transfer.sizes.set(requestId, encodedDataLength);
    });
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    return transfer;
  }

  bytes(counts: (url: string) => boolean): number {
    return [...this.sizes].reduce((sum, [id, size]) => sum + (counts(this.urls.get(id) ?? '') ? size : 0), 0);
  }
}
