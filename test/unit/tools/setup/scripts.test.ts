import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const FILE = join(import.meta.dirname, '../../../../package.json');
const { scripts } = JSON.parse(readFileSync(FILE, 'utf8')) as { scripts: Readonly<Record<string, string>> };

// npm gives signals to its shell, and a shell that only waits for a program dies and leaves the program behind.
test.each(Object.entries(scripts))('npm run %s is the program itself, so that signals reach it', (_, script) => {
  expect(script).toMatch(/^exec node /);
});

test('a signal to a shell that has become its program ends the program in its own way', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'patchgen-scripts-'));
  try {
    const program = join(dir, 'program.mjs');
    writeFileSync(
      program,
      `process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('up')`,
    );
    const shell = spawn('sh', ['-c', `exec "${process.execPath}" "${program}"`]);
    await once(shell.stdout, 'data');
    shell.kill('SIGTERM');
    expect(await once(shell, 'exit')).toEqual([7, null]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
