import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPrintable, printable, printableJson } from '../../../src/platform/escape.ts';

test.each<[string, string]>([
  ['a\nb\r\tc', 'a\\nb\\r\\tc'],
  ['\u001b[31mred', '\\u001b[31mred'],
  ['\u0000\u007f\u009b', '\\u0000\\u007f\\u009b'],
  ['admin\u202egpj.exe\u2066', 'admin\\u202egpj.exe\\u2066'],
  ['a\u200bb\ufeff\u2028', 'a\\u200bb\\ufeff\\u2028'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\ud800x', '\\ud800x'],
  ['größe 漢字 😀 \\n', 'größe 漢字 😀 \\n'],
])('%j is printed as %s', (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('no text prints more than one line, moves a cursor or hides anything', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_C}]/u);
    }),
    { numRuns: 2000 },
  );
});

test('a JSON text made printable is printable and of the same value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = printableJson(JSON.stringify({ [text]: [text] }));
      expect(isPrintable(json)).toBe(true);
      expect(JSON.parse(json)).toEqual({ [text]: [text] });
    }),
    { numRuns: 1000 },
  );
});
