/** `npm run fix`: formats, sorts imports, applies the linter's safe repairs, completes the lockfile. */
import { join } from 'node:path';
import { complete, missingEntries, readLockfile, writeLockfile } from './lockfile.ts';
import { ROOT, runProgram } from './step.ts';

const path = join(ROOT, 'package-lock.json');
const lockfile = readLockfile(path);
if (Object.keys(missingEntries(lockfile)).length > 0) writeLockfile(path, complete(lockfile));

for (const [command, ...args] of [
  ['oxlint', '--type-aware', '--fix', '--format=unix'],
  ['biome', 'check', '--write'],
] as const) {
  const { code, text } = await runProgram(command, args);
  console.log(text);
  if (code !== 0) process.exitCode = 1;
}
