import { printParseErrorCode, visit } from 'jsonc-parser';

/** By the names of the parser's errors. */
const words: Record<string, string> = {
  InvalidSymbol: 'this is no value; a text belongs in double quotes',
  InvalidNumberFormat: 'this is no number',
  PropertyNameExpected: 'a name in double quotes belongs here',
  ValueExpected:
    'a value belongs here: an object, a list, a text in double quotes, a number, true, false or null',
  ColonExpected: 'a colon belongs here',
  CommaExpected: 'a comma belongs here, or something before it is one too many',
  CloseBraceExpected: 'a } belongs here',
  CloseBracketExpected: 'a ] belongs here',
  EndOfFileExpected: 'the object ended before; nothing may follow',
  InvalidCommentToken: 'comments have no place in JSON',
  UnexpectedEndOfComment: 'comments have no place in JSON',
  UnexpectedEndOfNumber: 'this is no number',
  UnexpectedEndOfString: 'this text has no end',
  InvalidUnicode: 'this text holds an unknown escape',
  InvalidEscapeCharacter: 'this text holds an unknown escape',
  InvalidCharacter: 'this text holds a line break or a control character',
};

/**
 * Where a text stops being JSON and what belongs there. Unlike the messages of `JSON.parse` it always says where, and
 * never quotes the text, which may hold keys.
 */
export function jsonFault(text: string): string {
  const faults: { name: string; line: number; column: number }[] = [];
  try {
    visit(
      text,
      {
        onError: (code, _offset, _length, line, column) =>
          faults.push({ name: printParseErrorCode(code), line, column }),
      },
      { disallowComments: true },
    );
  } catch (error) {
    if (error instanceof RangeError) return 'it nests thousands of lists and objects in each other';
    throw error;
  }
  const [first] = faults;
  if (first === undefined) return 'something in it is not JSON';
  return `line ${first.line + 1}, column ${first.column + 1}: ${words[first.name] ?? 'this is not JSON'}`;
}
