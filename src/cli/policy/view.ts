import type { ValidIntent } from '../../api/wire/load.ts';
import { printable } from '../../platform/escape.ts';
import type { ApprovalRequirement, Decision, Verdict } from '../../policy/verdict.ts';
import { describeFinding, describeInvalid, findingData, invalidData, titleOf } from '../findings.ts';
import type { Input } from '../input.ts';
import type { Io } from '../io.ts';
import { type Paint, painter, timeSpan } from '../output.ts';
import type { Circumstances } from './circumstances.ts';
import type { PolicyFile } from './read-policies.ts';

/** An intent and what the policies say of it. */
export interface Tested {
  readonly intent: ValidIntent;
  readonly verdict: Verdict;
}

/** What came of the call. */
export interface Outcome {
  /** The intents that are valid; none while a policy is not: a verdict without it could be milder than the true one. */
  readonly tested: readonly Tested[];
  readonly inputs: readonly Input[];
  readonly files: readonly PolicyFile[];
  /** Whether there is a verdict on everything that was asked. */
  readonly whole: boolean;
}

const STYLES = { Allow: 'green', Warn: 'yellow', Approval: 'yellow', Wait: 'yellow', Refuse: 'red' } as const;
const LABEL_WIDTH = 10;

export function isAllowed({ verdict: { decision } }: Tested): boolean {
  return decision === 'Allow' || decision === 'Warn';
}

/** Tells everything that is wrong with intents and policies, the way `validate` does, on standard error. */
export function printBadInput(io: Io, inputs: readonly Input[], files: readonly PolicyFile[]): void {
  const paint = painter(io);
  for (const file of files) {
    if ('error' in file) io.stderr.write(`error: ${file.error}\n`);
    else for (const found of file.findings) io.stderr.write(describeFinding(found, 'red', paint));
  }
  for (const input of inputs) {
    if ('error' in input) io.stderr.write(`error: ${input.error}\n`);
    else for (const intent of input.intents) if (!intent.valid) io.stderr.write(describeInvalid(intent, paint));
  }
}

export function printVerdicts(io: Io, tested: readonly Tested[]): void {
  io.stdout.write(tested.map((one) => textOf(one, painter(io))).join('\n'));
}

/** The verdicts, and all that is wrong with intents and policies. */
export function dataOf({ tested, inputs, files, whole }: Outcome, { now }: Circumstances) {
  return {
    allowed: whole && tested.every(isAllowed),
    at: now.toISOString(),
    documents: tested.map(({ intent, verdict }) => {
      const { source: file, line, name, namespace, spec } = intent;
      return { file, line, name, namespace, spec, ...verdict };
    }),
    invalid: inputs.flatMap((input) =>
      'intents' in input ? input.intents.flatMap((intent) => (intent.valid ? [] : [invalidData(intent)])) : [],
    ),
    policies: files.flatMap((file) =>
      'findings' in file ? file.findings.map((found) => ({ file: found.source, ...findingData(found) })) : [],
    ),
    errors: [...files, ...inputs].flatMap((one) => ('error' in one ? [{ file: one.name, message: one.error }] : [])),
  };
}

function textOf({ intent, verdict }: Tested, paint: Paint): string {
  const { spec } = intent;
  const { decision, considered, skipped, approval, retryAt, inputs } = verdict;
  const change = `${spec.targetKind} ${spec.namespace}/${spec.target}, replicas → ${spec.replicas}`;
  const lines = [
    ...considered.map(({ result, message }) => line(result, message, paint)),
    ...inputs.policies
      .filter(({ name }) => !considered.some(({ policy }) => policy === name))
      .map(({ name }) => line('Allow', `policy ${name}: nothing to say`, paint)),
    ...skipped.map(({ message }) => line('–', message, paint)),
    ...(approval === undefined ? [] : [line('Needed', approvalWords(approval), paint)]),
    ...(retryAt === undefined ? [] : [line('Again', `the time may change this at ${retryAt.toISOString()}`, paint)]),
  ];
  return `${titleOf(intent)}: ${paint(STYLES[decision], decision)}: ${printable(change)}\n${lines.join('')}`;
}

function line(label: string, text: string, paint: Paint): string {
  const padded = label.padEnd(LABEL_WIDTH);
  const shown = label in STYLES ? paint(STYLES[label as Decision], padded) : paint('dim', padded);
  return `  ${shown} ${printable(text)}\n`;
}

/** What people must do: `2 approvals, each valid for 24h, not of the author of the intent`. */
export function approvalWords({ approvals, timeToLiveMs, author }: ApprovalRequirement): string {
  const people = `${approvals} ${approvals === 1 ? 'approval' : 'approvals'}`;
  const who = author === 'Allow' ? 'the author of the intent included' : 'not of the author of the intent';
  return `${people}, each valid for ${timeSpan(timeToLiveMs)}, ${who}`;
}
