import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

/** Runs the program of `npm run demo` and resolves with its exit code and output. */
function demo(): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const args = ['--disable-warning=ExperimentalWarning', 'tools/demo/main.ts'];
    execFile(process.execPath, args, { maxBuffer: 1e7 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
  });
}

test('the demo ends well, and every line that it checks is as it should be', async () => {
  const { code, output } = await demo();
  expect(output).not.toContain('✗');
  expect(output.match(/✓/g)?.length ?? 0).toBeGreaterThanOrEqual(25);
  expect(output).toContain('All as it should be');
  expect(code).toBe(0);
});
