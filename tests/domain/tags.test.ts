import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  normaliseTag,
  normaliseTags,
  parseTagList,
  reportedTags,
  systemTags,
} from '../../src/domain/tags.js';

test('a tag has hyphens for blanks and commas, and small letters', () => {
  expect(normaliseTag('  OpenRouter,  Free ')).toBe('openrouter-free');
  expect(normaliseTag(' , ')).toBeUndefined();
});

test('normalising twice changes nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (tags) => {
      const once = normaliseTags(tags);
      expect(normaliseTags(once)).toEqual(once);
      expect(new Set(once).size).toBe(once.length);
    }),
  );
});

test('a list comes as text or as list', () => {
  expect(parseTagList('Gold, fast\nEU West,gold')).toEqual(['gold', 'fast', 'eu-west']);
  expect(parseTagList(['a,b', 'C'])).toEqual(['a-b', 'c']);
  expect(parseTagList(null)).toEqual([]);
});

test('C19: ours come first, then the model’s, then the provider’s, each once', () => {
  expect(
    systemTags({
      providerName: 'Home Lab',
      kind: 'ollama',
      modelTags: ['Gold'],
      providerTags: ['gold', 'eu'],
    }),
  ).toEqual(['lupdater', 'provider:home-lab', 'type:ollama', 'gold', 'eu']);
});

test('tags that a server gives are found', () => {
  expect(reportedTags({ tags: ['A'], metadata: { tags: ['b', 'a'] } })).toEqual(['a', 'b']);
});
