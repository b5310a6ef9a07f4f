import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDocuments } from '../../../../src/api/read/documents.ts';
import { codesOf, said, valueOf } from './reading.ts';

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** JSON values whose numbers a double keeps and whose keys are harmless. -0 is left out: the reader gives 0. */
const key = fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => !FORBIDDEN.has(text));
const number = fc.oneof(
  fc.maxSafeInteger().map((n) => n + 0),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((n) => (Object.is(n, -0) ? 0 : n)),
);
const { value: jsonValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    number,
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

function json(text: string) {
  return readDocuments(text, { name: 'a.json' });
}

test('the reader and JSON.parse agree on every document without refused keys and numbers, however it is indented', () => {
  fc.assert(
    fc.property(jsonValue, fc.constantFrom('', ' ', '\t', '  '), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(valueOf(json(text))).toEqual(JSON.parse(text));
    }),
    { numRuns: 200 },
  );
});

const PIECES = [
  ...'{ } [ ] , : " "a" "b" 1 - 0 01 .5 1. 1e5 +1 true nul null \\ \\u0041 \\x /* \' NaN Infinity'.split(' '),
  ...' \n\t\u0000\u2028\ufeff',
];

test('what JSON.parse refuses, the reader refuses, and what it takes the reader takes or refuses by a rule of its own', () => {
  const piece = fc.constantFrom(...PIECES);
  const rules = new Set(['duplicate-key', 'forbidden-key', 'inexact-number', 'no-document']);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const text = pieces.join('');
      const documents = json(text);
      const parsed = parse(text.replace(/^\ufeff/, ''));
      const codes = codesOf(documents);
      if (parsed === undefined) expect(codes.length > 0 || documents.length > 1).toBe(true);
      else if (codes.length > 0) expect(rules).toContain(codes[0]);
      // As text, since −0 is read as 0.
      else expect(JSON.stringify(valueOf(documents))).toBe(JSON.stringify(parsed.value));
    }),
    { numRuns: 1000 },
  );
});

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

test.each<[string, string, string]>([
  ['a missing colon', '{"a" 1}', '1:6 invalid JSON: expected ":", found "1"'],
  ['a missing comma', '{"a":1\n "b":2}', '2:2 invalid JSON: expected "," or "}", found a string'],
  ['a trailing comma', '[1,]', '1:4 invalid JSON: expected a value, found "]"'],
  ['a single quote', "{'a':1}", '1:2 invalid JSON: expected a key in double quotes, found "\'"'],
  ['an open string', '{"a":"b', '1:6 invalid JSON: a string is not closed'],
  ['a line break in a string', '"a\nb"', '1:1 invalid JSON: a string is not closed'],
  ['the end', '{"a":', '1:6 invalid JSON: expected a value, found the end of the text'],
  ['an octal number', '[010]', '1:2 invalid JSON: expected a value, found "010"'],
  ['NaN', '[NaN]', '1:2 invalid JSON: expected a value, found "NaN"'],
  ['half an escape', '["\\u12"]', '1:3 invalid JSON: unknown escape in a string'],
  ['half a pair', '["\\ud800"]', '1:2 invalid JSON: a string holds half of a surrogate pair'],
  ['text after the document', '{} x', '1:4 invalid JSON: expected the end of the text or another object, found "x"'],
])('%s is told with line and column', (_, text, message) => {
  expect(said(json(text))).toEqual([message]);
});

test('an offending text is marked in its line, whatever the length of the line', () => {
  const [document] = json(`[${'1,'.repeat(5000)}nope,${'1,'.repeat(5000)}1]`);
  if (document === undefined || !('findings' in document)) throw new Error('read');
  const { text, start, length } = document.findings[0]?.excerpt ?? { text: '', start: 0, length: 0 };
  expect(text.slice(start, start + length)).toBe('nope');
  expect(text.length).toBeLessThan(200);
});

test('refused keys and numbers of a document are all told, with pointers', () => {
  const documents = json('{"a":1,"b":{"a/b":1,"a/b":2},"__proto__":{},"n":[1e400,9007199254740993]}');
  expect(documents.flatMap((document) => ('findings' in document ? document.findings : []))).toMatchObject([
    { code: 'duplicate-key', pointer: '/b/a~1b' },
    { code: 'forbidden-key', pointer: '/__proto__' },
    { code: 'inexact-number', pointer: '/n/0' },
    { code: 'inexact-number', pointer: '/n/1' },
  ]);
});

test('objects after each other are documents of their own, and a syntax error ends them', () => {
  expect(json('{"a":1}{"a":2}\n{"a":3}').map((document) => 'value' in document && document.value)).toEqual([
    { a: 1 },
    { a: 2 },
    { a: 3 },
  ]);
  expect(json('{"a":1,"a":2} {"b":1}').map((document) => 'value' in document)).toEqual([false, true]);
  expect(json('{"a" 1} {"b":1}')).toHaveLength(1);
});
