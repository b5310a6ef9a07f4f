// The true counts of several vitest runs, from their JSON reports, as the last line of `.ci/run`. Plain JavaScript for Node 20.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * A report that is missing or broken counts as one failure, and so does a file of tests that failed before its first test.
 * @param {readonly string[]} paths
 * @returns {{ passed: number, failed: number, skipped: number, complaints: string[] }}
 */
export function counts(paths) {
  const sum = { passed: 0, failed: 0, skipped: 0, complaints: [] };
  for (const path of paths) {
    const report = read(path);
    if (report === undefined) {
      sum.failed += 1;
      sum.complaints.push(`There is no report ${path}: those tests did not run to their end.`);
      continue;
    }
    const broken = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && assertionResults.every((assertion) => assertion.status !== 'failed'),
    );
    for (const { name } of broken) sum.complaints.push(`${name} failed outside of its tests.`);
    sum.passed += report.numPassedTests;
    sum.failed += report.numFailedTests + broken.length;
    sum.skipped += report.numPendingTests + report.numTodoTests;
    if (report.numTotalTests === 0) {
      sum.failed += 1;
      sum.complaints.push(`${path} tells of no test at all.`);
    }
  }
  return sum;
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { passed, failed, skipped, complaints } = counts(process.argv.slice(2));
  for (const complaint of complaints) console.log(complaint);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed + skipped === 0 && passed > 0 ? 0 : 1;
}
