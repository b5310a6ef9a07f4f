import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type Format, readDocuments } from '../../../../src/api/read/documents.ts';
import { MAX_INPUT_BYTES } from '../../../../src/api/read/limits.ts';
import { codesOf, said, valueOf } from './reading.ts';

const FORMATS: readonly Format[] = ['json', 'yaml'];

afterEach(() => {
  // A canary: whatever was read, no object got a new member by its prototype.
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(PROTOTYPE);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype).sort();

const TOKENS = [
  ...'{ } [ ] : , - ? " \' | > # & * ! &a *a !t % %YAML --- ... << \\ @ ` a 1 ~'.split(' '),
  ...' \n\t\r\u0000\u2028\ufeff',
  ...[': ', '- ', '? ', '\n  ', ' #', '%YAML 1.2\n', '---\n', '<<: '],
];

test.each(FORMATS)('no text makes the %s reader throw, and each unreadable document says why', (format) => {
  const token = fc.constantFrom(...TOKENS);
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(token, { maxLength: 40 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      for (const document of readDocuments(input, { name: 'x', format })) {
        if (!('findings' in document)) continue;
        expect(document.findings.length).toBeGreaterThan(0);
        for (const { message, line, column, excerpt } of document.findings) {
          expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect(message).toMatch(/^(invalid (JSON|YAML): .|the input )/);
          expect(Math.min(line, column, excerpt.length)).toBeGreaterThan(0);
          expect(excerpt.start).toBeLessThanOrEqual(excerpt.text.length);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('no bytes make the reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      readDocuments(bytes, { name: 'x' });
    }),
    { numRuns: 500 },
  );
});

test.each(FORMATS)('%s of 64 levels is read, of 65 is refused', (format) => {
  const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
  expect(codesOf(readDocuments(nested(64), { name: 'x', format }))).toEqual([]);
  expect(codesOf(readDocuments(nested(65), { name: 'x', format }))).toEqual(['too-deep']);
});

test.each<[string, Format, string]>([
  ['lists', 'json', '['],
  ['objects', 'json', '{"a":'],
  ['lists', 'yaml', '['],
  ['mappings', 'yaml', '{a: '],
  ['block lists', 'yaml', '- '],
  ['explicit keys', 'yaml', '? '],
])('%s of %s 5,000 levels deep are a finding and no RangeError', (_, format, unit) => {
  expect(codesOf(readDocuments(unit.repeat(5000), { name: 'x', format }))).toContain('too-deep');
});

test('block mappings 5,000 levels deep are a finding and no RangeError', () => {
  const text = Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
  expect(codesOf(readDocuments(text, { name: 'x.yaml' }))).toContain('too-deep');
});

test('an alias bomb is refused before anything of it is expanded', () => {
  const lines = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}*a${n}]`);
  const codes = codesOf(readDocuments(['a0: &a0 lol', ...lines].join('\n'), { name: 'x.yaml' }));
  expect(new Set(codes)).toEqual(new Set(['unsupported-yaml']));
  expect(codes.length).toBeLessThanOrEqual(20);
});

test.each([
  '{"__proto__": {"polluted": true}}',
  '{"a": {"constructor": {"prototype": {"polluted": true}}}}',
  '{"\\u005f_proto__": {"polluted": true}}',
])('%s is refused', (text) => {
  for (const format of FORMATS) expect(codesOf(readDocuments(text, { name: 'x', format }))).toContain('forbidden-key');
});

test('1 MiB is read, one byte more is refused, counted in bytes', () => {
  const padded = (size: number) => `{"a":1}${' '.repeat(size - 7)}`;
  expect(valueOf(readDocuments(padded(MAX_INPUT_BYTES), { name: 'x' }))).toEqual({ a: 1 });
  expect(codesOf(readDocuments(padded(MAX_INPUT_BYTES + 1), { name: 'x' }))).toEqual(['input-too-large']);
  expect(codesOf(readDocuments(`"${'é'.repeat(MAX_INPUT_BYTES / 2)}"`, { name: 'x' }))).toEqual(['input-too-large']);
});

test('more than 10,000 documents, or 250,000 tokens in a YAML document, are refused', () => {
  expect(codesOf(readDocuments('{}'.repeat(20_000), { name: 'x' }))).toEqual(['input-too-large']);
  expect(codesOf(readDocuments('--- a\n'.repeat(20_000), { name: 'x' }))).toEqual(['input-too-large']);
  const list = `{"kind":"List","items":[${'1,'.repeat(20_000)}1]}`;
  expect(codesOf(readDocuments(list, { name: 'x' }))).toEqual(['input-too-large']);
  expect(codesOf(readDocuments('- \n'.repeat(100_000), { name: 'x' }))).toEqual(['input-too-large']);
});

test('a wrong byte is told with its place', () => {
  const bytes = Buffer.concat([Buffer.from('a: 1\nb: é'), Buffer.from([0xc3, 0x28]), Buffer.from('\n')]);
  expect(said(readDocuments(bytes, { name: 'x' }))).toEqual([
    '2:5 the input is not UTF-8: found the byte 0xc3 after "a: 1\\nb: é"',
  ]);
  expect(codesOf(readDocuments(Buffer.from('{"a":1}', 'utf16le'), { name: 'x.json' }))).not.toEqual([]);
  expect(codesOf(readDocuments(Buffer.from([0xff, 0xfe, 0x7b, 0]), { name: 'x' }))).toEqual(['invalid-encoding']);
  expect(codesOf(readDocuments('"\ud800"', { name: 'x' }))).toEqual(['invalid-encoding']);
});

test('one byte order mark at the beginning is passed over, in text and bytes; a second is not', () => {
  for (const text of ['\ufeff{"a":1}', '\ufeffa: 1']) {
    expect(valueOf(readDocuments(text, { name: 'x' }))).toEqual({ a: 1 });
    expect(valueOf(readDocuments(Buffer.from(text), { name: 'x' }))).toEqual({ a: 1 });
  }
  expect(codesOf(readDocuments('\ufeff\ufeff{"a":1}', { name: 'x.json' }))).toEqual(['invalid-json']);
});

test.each<[string, string, unknown]>([
  ['a.json', '{"a":1}', { a: 1 }],
  ['a.JSON', '{"a":1}', { a: 1 }],
  ['a.yml', '{a: 1}', { a: 1 }],
  ['stdin', ' {"a":1}', { a: 1 }],
  ['stdin', 'a: 1', { a: 1 }],
])('the format of %s with %s is found', (name, text, value) => {
  expect(valueOf(readDocuments(text, { name }))).toEqual(value);
});

test('the ending of the name counts more than the first character', () => {
  expect(codesOf(readDocuments('{a: 1}', { name: 'a.json' }))).toEqual(['invalid-json']);
  expect(codesOf(readDocuments('{a: 1}', { name: 'stdin' }))).toEqual(['invalid-json']);
});

test.each(['', ' \n', '\ufeff', '# only a comment\n', '---\n---\n'])('the input %j holds no document', (text) => {
  expect(codesOf(readDocuments(text, { name: 'x' }))).toEqual(['no-document']);
});

test('a passed deadline ends the reading of either format, before it begins and while it runs', () => {
  const late = (looks: number) => {
    let left = looks;
    return () => left-- <= 0;
  };
  const long = { json: `[${'1,'.repeat(50_000)}1]`, yaml: '- a\n'.repeat(10_000) };
  for (const format of FORMATS) {
    for (const looks of [0, 2]) {
      const documents = readDocuments(long[format], { name: 'x', format, deadline: late(looks) });
      expect(codesOf(documents)).toEqual(['validation-timeout']);
    }
    expect(codesOf(readDocuments(long[format], { name: 'x', format, deadline: () => false }))).toEqual([]);
  }
});

test('a list is its items, each with pointers and places of its own', () => {
  const text = '{"kind":"List","apiVersion":"v1","items":[\n{"a":1},\n {"b":{"c":[1,\n2]}}]}';
  const documents = readDocuments(text, { name: 'x' });
  expect(documents.map(({ line }) => line)).toEqual([2, 3]);
  const [, second] = documents;
  if (second === undefined || 'findings' in second) throw new Error('unreadable');
  expect(second.positionOf('/b/c/1')).toEqual({ line: 4, column: 1 });
  expect(second.positionOf('/b/x')).toBeUndefined();
  expect(readDocuments('{"kind":"List","items":[]}', { name: 'x' })).toEqual([]);
});

test('every value of a document is found by its pointer, in either format', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '~', '0', 'é'), minLength: 1, maxLength: 4 });
  const value = fc.dictionary(name, fc.array(fc.integer({ min: 100, max: 999 }), { minLength: 1, maxLength: 3 }), {
    minKeys: 1,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(value, fc.constantFrom(...FORMATS), (object, format) => {
      const text = JSON.stringify(object, null, 1);
      const [document] = readDocuments(text, { name: 'x', format });
      if (document === undefined || 'findings' in document) throw new Error('unreadable');
      const lines = text.split('\n');
      for (const [key, items] of Object.entries(object)) {
        const pointer = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        for (const [index, item] of items.entries()) {
          const { line, column } = document.positionOf(`${pointer}/${index}`) ?? { line: 0, column: 0 };
          expect(lines[line - 1]?.slice(column - 1, column + 2)).toBe(String(item));
        }
      }
    }),
  );
});
