/** Not now, but without using up an attempt: the job sleeps, its queue goes on. */
export class Postponed extends Error {
  override name = 'Postponed';

  constructor(
    message: string,
    readonly delayMs: number,
  ) {
    super(message);
  }
}
