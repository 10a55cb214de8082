import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseOllamaParameters } from '../../src/domain/ollama-parameters.js';
import { sample } from './sample.js';

test('numbers, texts and repeated keys of a show answer are read', () => {
  expect(parseOllamaParameters(sample('ollama/show-qwen3--8b.json')['parameters'] as string)).toEqual({
    temperature: 0.6,
    top_k: 20,
    top_p: 0.95,
    repeat_penalty: 1,
    stop: ['<|im_end|>', '<|im_start|>'],
  });
});

test('a large num_ctx printed as a float is a whole number', () => {
  expect(parseOllamaParameters('num_ctx                        1.048576e+06')).toEqual({
    num_ctx: 1_048_576,
  });
});

test('the quoting of Go is undone', () => {
  expect(parseOllamaParameters('stop "\\n\\"user\\":"')).toEqual({ stop: '\n"user":' });
  expect(parseOllamaParameters('stop "\\x00"')).toEqual({ stop: '\\x00' });
});

test('a name that is no option cannot reach the prototype', () => {
  expect(parseOllamaParameters('__proto__ 1\nconstructor 2')).toEqual({ constructor: 2 });
});

test('the order of the lines, which is random per call, changes nothing', () => {
  const line = fc.tuple(
    fc.constantFrom('stop', 'num_ctx', 'temperature', 'seed'),
    fc.oneof(
      fc.integer().map(String),
      fc.double().map(String),
      fc.string().map((text) => JSON.stringify(text)),
    ),
  );
  const lines = fc.array(
    line.map(([key, value]) => `${key}  ${value}`),
    { maxLength: 12 },
  );
  const shuffled = lines.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
  );
  fc.assert(
    fc.property(shuffled, ([all, other]) => {
      expect(parseOllamaParameters(other.join('\n'))).toEqual(parseOllamaParameters(all.join('\n')));
    }),
  );
});
