// What failed in several vitest runs, and their true counts as the last line of `.ci/run`, from their JSON reports. Plain
// JavaScript for Node 20.
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
    sum.complaints.push(...report.testResults.flatMap(failures));
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

/** Longest words of one failure, in characters; the whole of them stands further up. */
const MOST_WORDS = 600;

/** One text for each failed test of a file, since whoever keeps only the end of an output must still learn what failed. */
function failures({ name, assertionResults }) {
  return assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => {
      const words = failureMessages
        .map((message) => message.split('\n    at ')[0])
        .join('\n')
        .slice(0, MOST_WORDS);
      return `FAILED ${name} › ${fullName}\n  ${words.replaceAll('\n', '\n  ')}`;
    });
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
