import * as fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDiff } from '../../../../src/reconcile/plan/unified-diff.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { runTool } from '../../../support/tool.ts';

const NAMES = { before: 'a/text', after: 'b/text' };

test('equal texts have no diff', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b')),
      (lines) => void expect(unifiedDiff(textOf(lines), textOf(lines), NAMES)).toBe(''),
    ),
  );
});

test('git apply makes the one text of the other by their diff', async () => {
  const dir = tempFolder();
  const few = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(few, few, async (before, after) => {
      fc.pre(before.join() !== after.join());
      const [path, diff] = [join(dir, 'text'), join(dir, 'diff')];
      fs.writeFileSync(path, textOf(before));
      fs.writeFileSync(diff, unifiedDiff(textOf(before), textOf(after), NAMES));
      const { code, stderr } = await runTool('git', ['apply', '--unidiff-zero', diff], { cwd: dir });
      expect(code, stderr).toBe(0);
      expect(fs.readFileSync(path, 'utf8')).toBe(textOf(after));
    }),
    { numRuns: 50 },
  );
});

test('of nothing and something, the lines of nothing begin at 0', () => {
  expect(unifiedDiff('', 'a\n', NAMES)).toBe('--- a/text\n+++ b/text\n@@ -0,0 +1 @@\n+a\n');
  expect(unifiedDiff('a\nb\n', '', NAMES)).toBe('--- a/text\n+++ b/text\n@@ -1,2 +0,0 @@\n-a\n-b\n');
});

test('a change in the middle is shown with three lines around it', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`);
  const changed = lines.with(9, 'other').toSpliced(10, 1);
  expect(unifiedDiff(textOf(lines), textOf(changed), NAMES).split('\n').slice(2)).toEqual([
    '@@ -7,8 +7,7 @@',
    ...[' line 7', ' line 8', ' line 9', '-line 10', '-line 11', '+other', ' line 12', ' line 13', ' line 14', ''],
  ]);
});

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
