/** `npm run check`: everything about the source that needs no test. Runs every step, also after one failed. */
import { join } from 'node:path';
import { advisories } from './advisories.ts';
import { checkLayering } from './layering.ts';
import { licenceFindings } from './licences.ts';
import { missingEntries, readLockfile } from './lockfile.ts';
import { findings, program, ROOT, type Step } from './step.ts';

const lockfile = readLockfile(join(ROOT, 'package-lock.json'));

const STEPS: readonly Step[] = [
  program('types', 'tsc', ['-p', '.', '--noEmit']),
  program('lint', 'oxlint', ['--type-aware', '--deny-warnings', '--format=unix']),
  program('format', 'biome', ['check', '--error-on-warnings']),
  program('generated files', process.execPath, ['tools/generate/main.ts', '--check']),
  findings('layering', () => checkLayering(ROOT)),
  findings('licences', () => licenceFindings(lockfile)),
  findings('lockfile', () =>
    Object.keys(missingEntries(lockfile)).map((path) => `package-lock.json lacks ${path}; npm run fix adds it`),
  ),
  advisories,
];

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(
    `Usage: npm run check [-- <step> …]\n\nSteps: ${STEPS.map(({ name }) => name).join(', ')}. Default: all.`,
  );
} else {
  const wanted = process.argv.slice(2);
  process.exitCode = await check(STEPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name)));
}

async function check(steps: readonly Step[]): Promise<number> {
  const failed: string[] = [];
  for (const { name, run } of steps) {
    const started = Date.now();
    const verdict = await run();
    const took = `(${((Date.now() - started) / 1000).toFixed(1)} s)`;
    const mark = { passed: '✓', failed: '✗', skipped: '–' }[verdict.kind];
    console.log(`${mark} ${name} ${took}${verdict.kind === 'skipped' ? ` skipped, ${verdict.why}` : ''}`);
    if (verdict.kind !== 'failed') continue;
    console.log(verdict.text.replaceAll(/^/gm, '    '));
    failed.push(name);
  }
  if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}. npm run fix repairs what a program can repair.`);
  return failed.length === 0 ? 0 : 1;
}
