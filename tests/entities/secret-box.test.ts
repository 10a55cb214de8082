import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hintOf, SecretBox, UnreadableSecretError } from '../../src/entities/secret-box.js';

describe('the secret box', () => {
  const box = new SecretBox('the right key');

  test('what was sealed opens again, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, purpose) => {
        expect(box.open(box.seal(plain, purpose), purpose)).toBe(plain);
      }),
    );
  });

  test('a ciphertext shows nothing of the text, and never the same twice', () => {
    const first = box.seal('sk-planted-secret', 'here');
    expect(first).not.toContain('planted');
    expect(box.seal('sk-planted-secret', 'here')).not.toBe(first);
  });

  test('another key does not open it', () => {
    const sealed = box.seal('sk-planted-secret', 'here');
    expect(() => new SecretBox('another key').open(sealed, 'here')).toThrow();
  });

  test('a ciphertext that was moved to another place does not open', () => {
    const sealed = box.seal('sk-planted-secret', 'providers.api_key:1');
    expect(() => box.open(sealed, 'providers.api_key:2')).toThrow();
  });

  test('a changed or foreign text does not open', () => {
    const parts = box.seal('sk-planted-secret', 'here').split('.');
    const altered = (part: string) => (part.startsWith('A') ? 'B' : 'A') + part.slice(1);
    for (const index of parts.keys()) {
      const changed = parts.map((part, place) => (place === index ? altered(part) : part)).join('.');
      expect(() => box.open(changed, 'here')).toThrow();
    }
    expect(() => box.open('sk-planted-secret', 'here')).toThrow(UnreadableSecretError);
    expect(() => box.open('', 'here')).toThrow(/enter that key again/);
    expect(box.opens('', 'here')).toBe(false);
    expect(box.opens(box.seal('sk-planted-secret', 'here'), 'here')).toBe(true);
  });

  test('the hint is the last four characters of a key that is long enough to keep the rest secret', () => {
    expect(hintOf('sk-0123456789abcdef')).toBe('cdef');
    expect(hintOf('123456789012')).toBe('9012');
    expect(hintOf('sk-1234')).toBeNull();
  });
});
