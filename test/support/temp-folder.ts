import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of its own for the test that runs, gone when it ends. */
export function tempFolder(): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
