const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// One Ctrl-C arrives twice, from the terminal and from npm, within milliseconds; a person's second one comes later.
const impatientAfterMs = 1_000;

/**
 * A promise of the first request to stop, as the name of its signal. A second request, a second later or more, ends
 * this process at once; what it started is guarded and ends with it.
 */
export function stopRequested() {
  return new Promise((resolve) => {
    let firstAt;
    for (const signal of signals) {
      process.on(signal, () => {
        firstAt ??= Date.now();
        if (Date.now() - firstAt > impatientAfterMs) process.exit(1);
        resolve(signal);
      });
    }
  });
}
