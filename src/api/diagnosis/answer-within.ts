/** What the work resolves to; undefined when it fails or takes longer. It goes on then, unheard. */
export async function answerWithin<T>(patienceMs: number, work: () => Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
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
