import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const RUN = join(import.meta.dirname, '../../../../.ci/run');
const EVERYTHING = ['ran test', 'ran check', 'ran image -- --check-dockerfile', 'ran e2e'];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'patchgen-ci-'));
  mkdirSync(join(dir, 'bin'));
  // Nothing is installed from here, whatever this machine lacks.
  for (const name of ['apt-get', 'sudo']) program(name, 'exit 0');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function program(name: string, script: string): void {
  writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, 'bin', name), 0o755);
}

/** An npm whose `test` and `e2e` leave reports with these counts, and which fails in what is named. */
function npm(reports: { test?: string; e2e?: string }, fails = 'nothing'): void {
  program(
    'npm',
    `name="$*"; name="\${name#run }"; echo "ran $name"
    case "$name" in
      test) echo '${reports.test ?? ''}' > "$PATCHGEN_TEST_REPORT";;
      e2e) echo '${reports.e2e ?? ''}' > "$PATCHGEN_TEST_REPORT";;
    esac
    [ "$name" != '${fails}' ]`,
  );
}

function report(passed: number, failed = 0, skipped = 0): string {
  const numTotalTests = passed + failed + skipped;
  const numbers = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: 0 };
  return JSON.stringify({ numTotalTests, ...numbers, testResults: [] });
}

const environment = (): NodeJS.ProcessEnv => {
  const path = [join(dir, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
  return { PATH: path, HOME: dir, TMPDIR: dir };
};

function run(): { ran: string[]; last: string | undefined; code: number | null } {
  const env = environment();
  const { stdout, status } = spawnSync(RUN, [], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = stdout.trimEnd().split('\n');
  return { ran: lines.filter((line) => line.startsWith('ran ')), last: lines.at(-1), code: status };
}

test('tests, checks, the Dockerfile and the real node are run, and the last line sums the tests of both runs', () => {
  npm({ test: report(5), e2e: report(2) });
  expect(run()).toEqual({ ran: EVERYTHING, last: '7 passed, 0 failed, 0 skipped', code: 0 });
});

test.each(['test', 'check', 'image -- --check-dockerfile', 'e2e'])(
  'a failing npm run %s keeps nothing else from running, and fails in the end',
  (name) => {
    npm({ test: report(5), e2e: report(2) }, name);
    expect(run()).toEqual({
      ran: EVERYTHING,
      last: '7 passed, 0 failed, 0 skipped',
      code: 1,
    });
  },
);

test.each([
  ['test', { e2e: report(2) }, '2 passed, 1 failed, 0 skipped'],
  ['e2e', { test: report(5) }, '5 passed, 1 failed, 0 skipped'],
])('a run of npm run %s without a report is a failure', (_name, reports, last) => {
  npm(reports);
  expect(run()).toMatchObject({ last, code: 1 });
});

test('a skipped test on the real node is no success', () => {
  npm({ test: report(5), e2e: report(2, 0, 1) });
  expect(run()).toMatchObject({ last: '7 passed, 0 failed, 1 skipped', code: 1 });
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends what runs in its own way, waits for it, and starts nothing more',
  async (signal) => {
    program(
      'npm',
      `echo "ran $*"
    trap 'echo "cleared away"; exit 143' TERM
    echo "now waiting"; while true; do sleep 0.1; done`,
    );
    const child = spawn(RUN, [], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!printed.includes('now waiting') && `${printed}${text}`.includes('now waiting')) child.kill(signal);
      printed += text;
    });
    const [code] = await once(child, 'close');
    const lines = printed.trimEnd().split('\n');
    expect(lines.filter((line) => /^(ran|cleared)/.test(line))).toEqual(['ran test', 'cleared away']);
    expect([lines.at(-1), code]).toEqual(['0 passed, 2 failed, 0 skipped', 1]);
  },
);
