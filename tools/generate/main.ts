// Writes every generated file of the repository; with --check it only says which are not as they should be (exit 1).
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Output } from './output.ts';
import { outputs } from './outputs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function main(check: boolean): Promise<number> {
  const stale = (await outputs(ROOT)).filter(({ path, content }) => present(path) !== content);
  for (const output of stale) {
    if (!check) write(output);
    console.log(`${check ? 'stale  ' : 'written'} ${output.path}`);
  }
  if (check && stale.length > 0) console.error('run: npm run generate');
  else if (stale.length === 0) console.log('generated files are up to date');
  return check && stale.length > 0 ? 1 : 0;
}

function present(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** Through a rename, so that a process that loads the file meanwhile sees a whole one. */
function write({ path, content }: Output): void {
  const file = join(ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}.tmp`, content);
  renameSync(`${file}.${process.pid}.tmp`, file);
}

process.exitCode = await main(process.argv.includes('--check'));
