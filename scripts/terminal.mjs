const startedAt = Date.now();

/** What a person must read and act on; printed without a stack trace, and ends the script with `exitCode`. */
export class Refusal extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** One progress line, led by the whole seconds since the script began. */
export function say(text) {
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  process.stdout.write(`${String(seconds).padStart(4)} s  ${text}\n`);
}

/** Runs a script's main function; a Refusal becomes its message and exit code. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
