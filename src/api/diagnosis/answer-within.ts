/** Patience is looked at this often. */
const turnMs = 50;

/**
 * What the work resolves to; undefined when it fails or takes longer. It goes on then, unheard. A pause of this process
 * itself (a busy machine, a page compiled for the first time) counts as one turn: in it no answer could be read, so it
 * says nothing about who was asked.
 */
export async function answerWithin<T>(patienceMs: number, work: () => Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    let leftMs = patienceMs;
    let lookedAtMs = performance.now();
    const wait = () => void (timer = setTimeout(look, Math.min(turnMs, leftMs)));
    const look = () => {
      const nowMs = performance.now();
      leftMs -= Math.min(nowMs - lookedAtMs, 2 * turnMs);
      lookedAtMs = nowMs;
      if (leftMs > 0) wait();
      else resolve(undefined);
    };
    wait();
  });
  try {
    return await Promise.race([
      Promise.resolve()
        .then(work)
        .catch(() => undefined),
      patience,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
