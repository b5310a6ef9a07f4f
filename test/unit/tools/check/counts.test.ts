import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const COUNTS = join(import.meta.dirname, '../../../../tools/check/counts.mjs');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'patchgen-counts-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const WORDS = 'AssertionError: expected 1 to be 2\n- 2\n+ 1\n    at some.test.ts:3:4\n    at another.ts:5:6';

/** A report as vitest writes it, as far as it is read. */
function report(name: string, tests: { passed?: number; failed?: number; skipped?: number; todo?: number } = {}) {
  const { passed = 0, failed = 0, skipped = 0, todo = 0 } = tests;
  const assertionResults = [
    ...Array.from({ length: passed }, () => ({ status: 'passed' })),
    ...Array.from({ length: failed }, (_, i) => ({
      status: 'failed',
      fullName: `test ${i}`,
      failureMessages: [WORDS],
    })),
  ];
  const path = join(dir, name);
  const content = {
    numTotalTests: passed + failed + skipped + todo,
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: todo,
    testResults: [{ name: 'some.test.ts', status: failed > 0 ? 'failed' : 'passed', assertionResults }],
  };
  writeFileSync(path, JSON.stringify(content));
  return path;
}

function print(...paths: readonly string[]): { lines: readonly string[]; code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [COUNTS, ...paths], { encoding: 'utf8' });
  return { lines: stdout.trimEnd().split('\n'), code: status };
}

/** The last line and the exit code, which is what others go by. */
function counts(...paths: readonly string[]): { last: string | undefined; code: number | null } {
  const { lines, code } = print(...paths);
  return { last: lines.at(-1), code };
}

test('the counts of all reports are summed, and only passed tests are a success', () => {
  const whole = report('a.json', { passed: 3 });
  expect(counts(whole, report('b.json', { passed: 4 }))).toEqual({ last: '7 passed, 0 failed, 0 skipped', code: 0 });
  expect(counts(whole, report('b.json', { passed: 4, failed: 2 })).last).toBe('7 passed, 2 failed, 0 skipped');
  expect(counts(whole, report('b.json', { failed: 1 })).code).toBe(1);
});

test('before the counts stands what failed and why, without the stack', () => {
  const lines = ['  AssertionError: expected 1 to be 2', '  - 2', '  + 1'];
  const failure = (i: number) => [`FAILED some.test.ts › test ${i}`, ...lines];
  expect(print(report('a.json', { passed: 3, failed: 2 })).lines.slice(0, -1)).toEqual([...failure(0), ...failure(1)]);
});

test('a test that was skipped or is still to be written is no success', () => {
  const both = counts(report('a.json', { passed: 3, skipped: 1, todo: 1 }));
  expect(both).toEqual({ last: '3 passed, 0 failed, 2 skipped', code: 1 });
});

test('a report that is missing, cut off or empty counts as a failure', () => {
  const whole = report('a.json', { passed: 3 });
  const cut = join(dir, 'cut.json');
  writeFileSync(cut, '{"numTotalTests": 3');
  for (const other of [join(dir, 'none.json'), cut, report('empty.json')]) {
    expect(counts(whole, other)).toEqual({ last: '3 passed, 1 failed, 0 skipped', code: 1 });
  }
});

test('a file that fails before its first test counts as a failure', () => {
  const path = join(dir, 'a.json');
  const whole = { name: 'whole.test.ts', status: 'passed', assertionResults: [{ status: 'passed' }] };
  const broken = { name: 'broken.test.ts', status: 'failed', assertionResults: [] };
  const numbers = { numTotalTests: 1, numPassedTests: 1, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  writeFileSync(path, JSON.stringify({ ...numbers, testResults: [whole, broken] }));
  expect(counts(path)).toEqual({ last: '1 passed, 1 failed, 0 skipped', code: 1 });
});
