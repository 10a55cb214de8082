import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { filterMatchesAny, passesFilter } from '../../src/domain/model-filter.js';

test('terms are substrings of the raw id, without regard to case; exclude wins', () => {
  expect(passesFilter('Qwen/Qwen3-32B', ' qwen , llama', null)).toBe(true);
  expect(passesFilter('Qwen/Qwen3-32B', 'qwen', '32b')).toBe(false);
  expect(passesFilter('gpt-4o', 'qwen,llama', undefined)).toBe(false);
});

test('no terms keep everything', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(undefined, null, '', ' , ,'), (id, none) => {
      expect(passesFilter(id, none, none)).toBe(true);
    }),
  );
});

test('what an include term keeps, the same exclude term drops', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string().filter((term) => /[^\s,]/.test(term)),
      (id, term) => {
        expect(passesFilter(id, term, null)).toBe(!passesFilter(id, null, term));
        expect(passesFilter(id, term, term)).toBe(false);
      },
    ),
  );
});

test('C27: a filter that matches nothing is noticed', () => {
  expect(filterMatchesAny(['a', 'b'], 'nonexistent', null)).toBe(false);
  expect(filterMatchesAny(['a', 'b'], 'b', null)).toBe(true);
  expect(filterMatchesAny([], null, null)).toBe(false);
});
