import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codePoints } from '../../../src/api/code-points.ts';
import { quote } from '../../../src/api/quote.ts';
import { suggest } from '../../../src/api/suggest.ts';

test('a quoted text is bounded, well formed and shows nothing invisible', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const quoted = quote(text);
      expect(quoted.length).toBeLessThanOrEqual(2 + 64 * 12 + 1);
      expect(quoted).toMatch(/^"[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*"$/u);
    }),
  );
});

test('a short visible text is only put in quotes, and a long one is cut', () => {
  expect(quote('größe→5 "x"')).toBe('"größe→5 \\"x\\""');
  expect(quote('😀'.repeat(65))).toBe(`"${'😀'.repeat(64)}…"`);
  expect(quote('😀'.repeat(64))).toBe(`"${'😀'.repeat(64)}"`);
});

test('code points are counted as a text iterates', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ud800', '\udc00'), (text, lone) => {
      expect(codePoints(text + lone + text)).toBe([...(text + lone + text)].length);
    }),
  );
});

test.each([
  ['replica', 'replicas'],
  ['REPLICAS', 'replicas'],
  ['dry-run', 'dryRun'],
  ['tagret', 'target'],
  ['x', undefined],
  ['wholly other', undefined],
  ['a'.repeat(41), undefined],
])('for %s the suggestion is %s', (name, suggestion) => {
  expect(suggest(name, ['target', 'replicas', 'dryRun'])).toBe(suggestion);
});
