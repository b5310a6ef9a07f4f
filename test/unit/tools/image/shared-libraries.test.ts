import { expect, test } from 'vitest';
import { librariesIn } from '../../../../tools/image/shared-libraries.ts';

const PRINTED = `\tlinux-vdso.so.1 (0x00007f3eec5b4000)
\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f3eec200000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f3eec01e000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f3eec5b6000)
`;

test('the libraries of a program are those with a file, the loader among them', () => {
  expect(librariesIn(PRINTED, () => false)).toEqual([
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib/x86_64-linux-gnu/libstdc++.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});

test('what the C library loads by name comes along where it exists', () => {
  const found = librariesIn(PRINTED, (path) => path.endsWith('/libnss_dns.so.2'));
  expect(found).toContain('/lib/x86_64-linux-gnu/libnss_dns.so.2');
  expect(found).toHaveLength(4);
});

test.each([
  ['\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\tlibz.so.1 => not found\n', 'libz.so.1 is missing'],
  ['\t/lib/ld-musl-x86_64.so.1 (0x1)\n\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x1)\n', 'no glibc'],
  ['\tnot a dynamic executable\n', 'no glibc'],
])('a program that would not start in the image is refused: %j', (printed, message) => {
  expect(() => librariesIn(printed, () => true)).toThrow(message);
});
