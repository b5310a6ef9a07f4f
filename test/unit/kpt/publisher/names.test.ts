import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from '../../../../src/kpt/digest.ts';
import {
  entryName,
  entryOfTarget,
  isIntentName,
  isNamespaceName,
  keyOfText,
  keyText,
  linkTarget,
  parseEntry,
  parseEpoch,
  recordName,
} from '../../../../src/kpt/publisher/names.ts';

const digest = fc.string().map(sha256);

it('an entry survives the way through its name and the link to it', () => {
  fc.assert(
    fc.property(digest, fc.integer({ min: 1, max: 999_999_999 }), (hex, n) => {
      const name = entryName({ digest: hex, n });
      expect(parseEntry(name)).toEqual({ digest: hex, n });
      expect(entryOfTarget(linkTarget(name))).toBe(name);
    }),
  );
});

it('no other text is taken for a link of ours', () => {
  const entry = `${'a'.repeat(64)}.1`;
  const near = [
    entry,
    `/x/../.patchgen/store/${entry}`,
    `../.patchgen/store/${entry}/..`,
    `../.patchgen/store/${entry}\n`,
    `../.patchgen/store/../${entry}`,
    `../.patchgen/store/${'A'.repeat(64)}.1`,
    `../.patchgen/store/${'a'.repeat(64)}.0`,
    `../.patchgen/store/${'a'.repeat(64)}.01`,
    `../../.patchgen/store/${entry}`,
    `../.patchgen/store//${entry}`,
  ];
  for (const target of near) expect(entryOfTarget(target), target).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (target) => {
      expect(entryOfTarget(target)).toBeUndefined();
    }),
  );
});

it('no accepted name has a separator, a control character or a leading dot, or is longer than a file name may be', () => {
  const hostile = fc.string({ unit: fc.constantFrom('a', '0', '-', '.', '/', '\\', '\0', '\n', '~', 'A', 'é') });
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string()), (name) => {
      if (!isNamespaceName(name) && !isIntentName(name)) return;
      expect(name).toMatch(/^[a-z0-9][-a-z0-9.]*$/);
      expect(name).not.toContain('..');
      expect(name.length).toBeLessThanOrEqual(253);
    }),
    { numRuns: 2000 },
  );
});

it('a key survives the way through its text', () => {
  fc.assert(
    fc.property(fc.constantFrom('a', 'shop', 'x-1'), fc.constantFrom('web', 'a.b', 'c-d'), (namespace, intent) => {
      expect(keyOfText(keyText({ namespace, intent }))).toEqual({ namespace, intent });
    }),
  );
});

it('record names fit a directory entry, and no two intents share one', () => {
  const intents = ['a', 'b'.repeat(240), 'b'.repeat(241), 'b'.repeat(252), 'b'.repeat(253), sha256('b'.repeat(253))];
  const names = intents.map((intent) => recordName(intent, sha256));
  expect(new Set(names).size).toBe(intents.length);
  for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
});

it('only plain counting numbers are epochs', () => {
  expect(['1', '42', '0', '01', '-1', '1e3', '', 'probe-1', '1 '].map(parseEpoch)).toEqual([
    1,
    42,
    ...Array.from({ length: 7 }, () => undefined),
  ]);
});
