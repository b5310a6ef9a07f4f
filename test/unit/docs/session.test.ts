import { expect, test } from 'vitest';
import { anchorsOf, blocksOf } from '../../support/docs/pages.ts';
import { neutral, shows } from '../../support/docs/session.ts';

test('blocks keep their order, language and line, and lose the indentation of their fence', () => {
  const text = 'a\n```sh\nls\n  deep\n```\n1. b\n\n   ```text\n   out\n\n   ```\n';
  expect(blocksOf(text)).toEqual([
    { language: 'sh', text: 'ls\n  deep\n', line: 2 },
    { language: 'text', text: 'out\n\n', line: 8 },
  ]);
});

test('anchors are those of GitHub', () => {
  const text = '# A `b` c: d!\n## [Link](x.md) · two\n## Twice\n## Twice\n```sh\n# no heading\n```\n';
  expect([...anchorsOf({ path: '', text, blocks: [], needs: undefined })]).toEqual([
    'a-b-c-d',
    'link--two',
    'twice',
    'twice-1',
  ]);
});

test('what differs from run to run does not count, and everything else does', () => {
  expect(neutral('web   5m12s  2026-01-01T00:00:00Z /w/x', '/w')).toBe('web <span> <time> ./x');
  expect(shows(neutral('NAME   AGE\nweb    3s\n'), 'NAME AGE\nweb 14s\n')).toBe(true);
  expect(shows(neutral('NAME   AGE\nweb    3s\n'), 'NAME AGE\nweb 14 s\n')).toBe(false);
});

test('lines are shown whole and in order; … stands for any lines', () => {
  const printed = 'one\ntwo\nthree\nfour\n';
  for (const shown of ['one\ntwo\n', '…\nfour\n', 'one\n…\nthree\nfour\n', 'two\n…\n', '…\n', 'one\n…\ntwo\n'])
    expect([shown, shows(printed, shown)]).toEqual([shown, true]);
  for (const shown of ['two\none\n', 'one\nthree\n', 'ne\n', 'on\n', 'one\n…\none\n', 'four\n…\nthree\n'])
    expect([shown, shows(printed, shown)]).toEqual([shown, false]);
});
