import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readDocuments } from '../../../../src/api/read/documents.ts';
import { codesOf, said, valueOf } from './reading.ts';

function yaml(text: string) {
  return readDocuments(text, { name: 'a.yaml' });
}

test('what the YAML library writes, the reader reads back', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 });
  const leaf = fc.oneof(text, fc.maxSafeInteger(), fc.boolean(), fc.constant(null), fc.constantFrom(0.5, -1.25, 1e-7));
  const name = fc
    .string({ unit: 'grapheme', maxLength: 8 })
    .filter((key) => !/^(__proto__|constructor|prototype)$/.test(key));
  const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(name, anyValue, { minKeys: 1, maxKeys: 4, noNullPrototype: true }), (value) => {
      const options = {
        defaultStringType: 'QUOTE_DOUBLE',
        defaultKeyType: 'QUOTE_DOUBLE',
        aliasDuplicateObjects: false,
        lineWidth: 0,
      } as const;
      expect(valueOf(yaml(escaped(stringify(value, options))))).toEqual(value);
    }),
    { numRuns: 100 },
  );
});

/** The library writes characters that YAML allows inside quotes only; kubectl and we want them escaped. */
function escaped(text: string): string {
  return text.replace(
    /[\u007f-\u009f\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

test.each<[string, unknown]>([
  ['5', 5],
  ['3.0', 3],
  ['3e0', 3],
  ['1e1', 10],
  ['+5', 5],
  ['-0', 0],
  ['0', 0],
  ['.5', 0.5],
  ['true', true],
  ['False', false],
  ['~', null],
  ['', null],
  ['Null', null],
  ['web', 'web'],
  ['"010"', '010'],
  ["'on'", 'on'],
  ['|\n  on', 'on\n'],
  ['2026-01-01', '2026-01-01'],
  ['1.2.3', '1.2.3'],
  ['onward', 'onward'],
  ['0-1', '0-1'],
  ['a:b', 'a:b'],
])('the scalar %s means what JSON would say', (text, value) => {
  expect(valueOf(yaml(`v: ${text}`))).toEqual({ v: value });
});

test.each('on Off yes NO y N 010 -07 0o17 0x1F 0b11 1_000 08 00 12:30 1:20.5 01.5 0_1'.split(' '))(
  'the scalar %s, which readers understand differently, is refused',
  (text) => {
    expect(codesOf(yaml(`v: ${text}`))).toEqual(['ambiguous-scalar']);
  },
);

test.each([
  '1e400',
  '-1e400',
  '9007199254740992',
  '123456789012345678901234567890',
  '3.00000000000000000001',
  '.inf',
  '-.INF',
  '.nan',
])('the number %s, which would not be kept, is refused', (text) => {
  expect(codesOf(yaml(`v: ${text}`))).toEqual(['inexact-number']);
});

test.each<[string, string, string]>([
  ['an alias', 'a: *x', '1:4 invalid YAML: aliases are not supported: write the value out, found "*x"'],
  ['an anchor', 'a: &x 1', '1:4 invalid YAML: anchors are not supported: write the value out, found "&x"'],
  ['a tag', 'a: !!str 1', '1:4 invalid YAML: tags are not supported: quote a value to make it text, found "!!str"'],
  [
    'a custom tag',
    'a: !js/function x',
    '1:4 invalid YAML: tags are not supported: quote a value to make it text, found "!js/function"',
  ],
  ['a merge key', 'a: 1\n<<: {b: 1}', '2:1 invalid YAML: merge keys are not supported: write the members out'],
  ['a directive', '%YAML 1.1\n---\na: 1', '1:1 invalid YAML: directives are not supported, found "%YAML 1.1"'],
  ['a key twice', 'a: 1\n"a": 2', '2:1 invalid YAML: duplicate key "a"'],
  [
    'a key of the prototype',
    'a: {constructor: {prototype: 1}}',
    '1:5 invalid YAML: the key "constructor" is not allowed',
  ],
  ['a key that is a number', '1: a', '1:1 invalid YAML: a key must be a string: quote "1"'],
  ['a key that is a boolean', 'on: a', '1:1 invalid YAML: a key must be a string: quote "on"'],
  ['a key that is a list', '? [a]\n: b', '1:3 invalid YAML: a key must be a string'],
  ['a control character', 'a: "b\u0007"', '1:6 invalid YAML: the character U+0007 is not allowed here'],
  ['a tab as indentation', 'a:\n\tb: 1', '2:1 invalid YAML: tabs are not allowed as indentation'],
  ['half a pair', 'a: "\\ud800"', '1:4 invalid YAML: a string holds half of a surrogate pair'],
])('%s is refused with line and column', (_, text, message) => {
  expect(said(yaml(text))[0]).toBe(message);
});

test('signs of refused tokens inside text are text', () => {
  expect(valueOf(yaml('a: "*x"\nb: |\n  *x &y !z\n  %d\nc: x *y &z !t <<\n"<<": 1'))).toEqual({
    a: '*x',
    b: '*x &y !z\n%d\n',
    c: 'x *y &z !t <<',
    '<<': 1,
  });
  expect(valueOf(yaml('--- |\n*x\n'))).toBe('*x\n');
});

test('each document of a stream stands for itself: one is bad, the others are read, empty ones are passed over', () => {
  const documents = yaml('# head\n---\na: 1\n---\na: *x\n---\n# nothing\n---\n...\n---\na: [1\n---\na: 4\n');
  expect(documents.map((document) => ('findings' in document ? document.findings[0]?.code : document.value))).toEqual([
    { a: 1 },
    'unsupported-yaml',
    'invalid-yaml',
    { a: 4 },
  ]);
  expect(documents.map(({ line }) => line)).toEqual([3, 5, 12, 13]);
});
