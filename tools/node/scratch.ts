/** The folder for everything that the tests write to, so that a test run that was interrupted leaves nothing behind either. */
import { mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST } from './layout.ts';
import { processOf } from './processes.ts';

const NAME = 'patchgen-e2e-';

/** Makes it, and removes those of runs that were killed. */
export function makeScratch(): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(NAME) ? Number(name.slice(NAME.length).split('-')[0]) : Number.NaN;
    if (Number.isInteger(pid) && processOf(pid) === undefined) removeScratch(join(tmpdir(), name));
  }
  return mkdtempSync(join(tmpdir(), `${NAME}${process.pid}-`));
}

/** Removes it, but for the logs of a node that did not come up; returns where such logs are. */
export function removeScratch(folder: string): string[] {
  const kept = readdirSync(folder).filter((name) => name.startsWith(HOST.folder));
  for (const name of readdirSync(folder)) {
    if (!kept.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  if (kept.length === 0) rmdirSync(folder);
  return kept.map((name) => join(folder, name));
}
