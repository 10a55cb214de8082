import { writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const mostCharacters = 4_000;

/**
 * Passes on what a part says on stderr to `output` ('inherit' or a file descriptor), and remembers the end of it: there
 * it says why it cannot go on. `ended` resolves when all of it was heard.
 */
export function listen(stderr, output) {
  const decoder = new StringDecoder('utf8'); // a character may come in two pieces
  let words = '';
  stderr.on('data', (chunk) => {
    if (output === 'inherit') process.stderr.write(chunk);
    else writeSync(output, chunk);
    words = (words + decoder.write(chunk)).slice(-mostCharacters);
  });
  const ended = new Promise((resolve) => stderr.once('close', resolve));
  return { ended, lastWords: () => words.trim() };
}
