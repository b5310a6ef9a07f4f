import { join } from 'node:path';
import type { InvalidIntent } from '../../api/wire/load.ts';
import { printable } from '../../platform/escape.ts';
import { describeInvalid, titleOf } from '../findings.ts';
import type { Input } from '../input.ts';
import type { Io } from '../io.ts';
import { painter, table } from '../output.ts';
import type { Refused, Rendered } from './render-intent.ts';
import type { Outcome } from './write-rendered.ts';

export interface Generated extends Rendered {
  readonly outcome: Outcome;
}

export interface Report {
  readonly inputs: readonly Input[];
  readonly generated: readonly Generated[];
  readonly refused: readonly Refused[];
  /** The folder that was written to; undefined for a dry run. */
  readonly directory: string | undefined;
}

/** True when every document became a package. */
export function isGood(report: Report): boolean {
  const { inputs, generated, refused } = report;
  const failed = generated.some(({ outcome }) => outcome instanceof Error);
  return !failed && refused.length === 0 && unreadOf(inputs).length === 0 && invalidOf(inputs).length === 0;
}

/** Packages go to standard output, all that went wrong to standard error. */
export function printReport(io: Io, report: Report): void {
  const paint = painter(io);
  const { inputs, generated, refused, directory } = report;
  for (const { error } of unreadOf(inputs)) io.stderr.write(`error: ${error}\n`);
  for (const intent of invalidOf(inputs)) io.stderr.write(describeInvalid(intent, paint));
  for (const { intent, failure } of refused) tell(`${titleOf(intent)}: ${failure.reason}: ${failure.message}`);
  const rows: (readonly string[])[] = [];
  for (const { intent, outcome, package: pkg } of generated) {
    if (outcome instanceof Error) tell(`${titleOf(intent)}: ${outcome.message}`);
    else rows.push([pathOf(directory, pkg.name), outcome, `sha256:${pkg.digest}`]);
  }
  io.stdout.write(table(rows));
  const bad = refused.length + invalidOf(inputs).length + (generated.length - rows.length) + unreadOf(inputs).length;
  if (bad > 0) io.stderr.write(`${rows.length} done, ${bad} failed\n`);

  function tell(message: string): void {
    io.stderr.write(`error: ${printable(message)}\n`);
  }
}

/** The same for programs. The content of the files is there for a dry run, where nothing else holds it. */
export function dataOf({ inputs, generated, refused, directory }: Report) {
  return {
    packages: generated.map(({ intent, plan, outcome, package: pkg }) => ({
      ...originOf(intent),
      name: pkg.name,
      path: pathOf(directory, pkg.name),
      ...(outcome instanceof Error ? { outcome: 'failed', message: outcome.message } : { outcome }),
      change: plan.summary,
      changeDigest: pkg.changeDigest,
      digest: pkg.digest,
      sizeBytes: pkg.sizeBytes,
      files: directory === undefined ? pkg.files : pkg.files.map(({ path }) => ({ path })),
    })),
    invalid: [
      ...invalidOf(inputs).map((intent) => ({
        ...originOf(intent),
        findings: intent.findings.map(({ code, pointer, message, line, column }) => ({
          code,
          pointer,
          message,
          line,
          column,
        })),
      })),
      ...refused.map(({ intent, failure: { reason, message } }) => ({
        ...originOf(intent),
        findings: [{ code: reason, message }],
      })),
    ],
    errors: unreadOf(inputs).map(({ name, error }) => ({ file: name, message: error })),
  };
}

function originOf({ source, line, name }: { readonly source: string; readonly line: number; readonly name?: string }) {
  return { file: source, line, ...(name === undefined ? {} : { intent: name }) };
}

function pathOf(directory: string | undefined, name: string): string {
  return directory === undefined ? name : join(directory, name);
}

function invalidOf(inputs: readonly Input[]): readonly InvalidIntent[] {
  return inputs.flatMap((input) => ('intents' in input ? input.intents.filter((intent) => !intent.valid) : []));
}

function unreadOf(inputs: readonly Input[]) {
  return inputs.filter((input) => 'error' in input);
}
