import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tarOf } from '../../../src/kpt/tar.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { treeOf } from '../../support/tree.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('the tar archive', () => {
  test('unpacks with tar to the very files, whatever their sizes', () => {
    const sizes = fc.array(fc.oneof(fc.constantFrom(0, 1, 511, 512, 513, 10_240), fc.nat(2000)), { maxLength: 6 });
    fc.assert(
      fc.property(sizes, (given) => {
        const files = given.map((size, i) => ({ path: `f${i}`, content: bytes('x'.repeat(size)) }));
        const out = tempFolder();
        execFileSync('tar', ['-x', '-p', '-C', out], { input: tarOf('web-5', files) });
        const expected: Record<string, string> = { 'web-5': 'folder 755' };
        for (const { path, content } of files) expected[join('web-5', path)] = `file 644 ${Buffer.from(content)}`;
        expect(treeOf(out)).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  test('lists owner 0, time 0 and nothing but what it was given', () => {
    const archive = tarOf('p', [{ path: 'a', content: bytes('1') }]);
    const listing = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--full-time'], {
      input: archive,
      encoding: 'utf8',
    });
    expect(listing.replaceAll(/ +/g, ' ')).toBe(
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 p/\n-rw-r--r-- 0/0 1 1970-01-01 00:00:00 p/a\n',
    );
  });

  test('is made of whole records, and the same bytes each time', () => {
    const archive = tarOf('p', [{ path: 'a', content: bytes('1') }]);
    expect(archive.length % 10_240).toBe(0);
    expect(createHash('sha256').update(archive).digest('hex')).toBe(
      createHash('sha256')
        .update(tarOf('p', [{ path: 'a', content: bytes('1') }]))
        .digest('hex'),
    );
  });

  test('a name that the header can not hold is refused, never cut', () => {
    expect(() => tarOf('p', [{ path: 'a'.repeat(99), content: bytes('') }])).toThrow(RangeError);
    expect(() => tarOf('p', [{ path: 'a'.repeat(98), content: bytes('') }])).not.toThrow();
  });
});
