import { CONDITION_TYPES, findCondition, MAX_MESSAGE_LENGTH, sameCondition } from '../../src/api/conditions.ts';
import { REASONS, type ReasonEntry } from '../../src/api/reasons.ts';
import { Status } from '../../src/api/schema/patchintent.ts';
import type { Condition, PatchIntentStatus } from '../../src/api/types.ts';

/** As much of an object as the rules look at. */
export interface Linted {
  readonly metadata: { readonly generation: number };
  readonly status?: PatchIntentStatus;
}

/** Conditions that are bad news while True. Later stages set the last three. */
const ABNORMAL_TRUE: ReadonlySet<string> = new Set(['Reconciling', 'Stalled', 'Conflicted', 'Drifted', 'Expired']);
const OWNED: ReadonlySet<string> = new Set([...CONDITION_TYPES, ...ABNORMAL_TRUE]);
const STATUS_FIELDS: ReadonlySet<string> = new Set(Object.keys(Status.properties));

interface View {
  readonly generation: number;
  readonly observed: number;
  readonly status: PatchIntentStatus;
  /** The conditions of ours; those of other controllers are not judged. */
  readonly conditions: readonly Condition[];
  readonly ready: Condition | undefined;
  /** Whether the status of this version was written for its spec, and not left over from an older one. */
  readonly fresh: boolean;
}

type Rule = (view: View) => readonly string[];

/**
 * Which rules a status breaks, each line beginning with the name of its rule; empty for a true one, and for an object
 * that was never reconciled. `previous`, the version before of the same object, tells a status that the operator wrote
 * from one that a change of the spec left behind, which may say Ready of the older generation.
 *
 * FAIL and WARN rules are those of github.com/fluxcd/pkg/runtime/conditions/check, all as failures, with one
 * difference: FAIL0010 there forbids a Reconciling intent whose generation is observed already. Here
 * `observedGeneration` is the generation that the run worked on, so a run that will be tried again has both, and the
 * rule only asks that Reconciling is not older. The others (`patchgen/…`) hold the design of the status.
 */
export function lintStatus(object: Linted, previous?: Linted): readonly string[] {
  const { status } = object;
  if (status === undefined || isUntouched(status)) return [];
  const conditions = (status.conditions ?? []).filter(({ type }) => OWNED.has(type));
  const view: View = {
    generation: object.metadata.generation,
    observed: status.observedGeneration ?? 0,
    status,
    conditions,
    ready: findCondition(conditions, 'Ready'),
    fresh: previous === undefined || !sameText(previous.status, status),
  };
  const broken = Object.entries(RULES).flatMap(([name, rule]) => rule(view).map((problem) => `${name}: ${problem}`));
  return previous === undefined ? broken : [...broken, ...lintTransitions(previous.status, status)];
}

function isUntouched(status: PatchIntentStatus): boolean {
  return status.observedGeneration === -1 && (status.conditions ?? []).length === 0;
}

const RULES: Readonly<Record<string, Rule>> = {
  FAIL0001: ({ ready, conditions }) => {
    const bad = conditions.filter(({ type, status }) => ABNORMAL_TRUE.has(type) && status === 'True');
    return ready?.status === 'True' ? bad.map(({ type }) => `${type} is True while Ready is True`) : [];
  },
  FAIL0002: ({ ready }) => (ready === undefined ? ['Ready is missing'] : []),
  FAIL0003: (view) => demandsNotReady(view, 'Reconciling'),
  FAIL0004: (view) => demandsNotReady(view, 'Stalled'),
  FAIL0005: ({ conditions }) => {
    const both = has(conditions, 'Reconciling') && has(conditions, 'Stalled');
    return both ? ['Reconciling and Stalled are both there'] : [];
  },
  FAIL0006: ({ observed, generation }) =>
    observed > generation ? [`observedGeneration ${observed} is ahead of generation ${generation}`] : [],
  FAIL0007: ({ fresh, observed, generation, ready }) =>
    fresh && observed < generation && ready?.status === 'True'
      ? [`Ready is True, and generation ${generation} is not observed`]
      : [],
  FAIL0008: ({ fresh, generation, ready, conditions }) =>
    fresh && ready?.status === 'True'
      ? conditions
          .filter((condition) => generationOf(condition) < generation)
          .map(({ type }) => `${type} is stale while Ready is True`)
      : [],
  FAIL0009: ({ observed, ready, conditions }) =>
    ready?.status === 'True'
      ? conditions
          .filter((condition) => generationOf(condition) !== observed)
          .map(({ type }) => `${type} speaks of another generation than the status`)
      : [],
  FAIL0010: ({ observed, conditions }) =>
    conditions
      .filter((condition) => condition.type === 'Reconciling' && generationOf(condition) < observed)
      .map(() => 'Reconciling is older than the observed generation'),
  WARN0001: ({ ready, conditions }) =>
    ready?.status === 'True'
      ? conditions
          .filter(({ type }) => ABNORMAL_TRUE.has(type))
          .map(({ type }) => `${type} is there while Ready is True`)
      : [],
  WARN0002: ({ ready, conditions }) => {
    const first = conditions.find(
      ({ type }) => ABNORMAL_TRUE.has(type) && type !== 'Reconciling' && type !== 'Stalled',
    );
    if (ready === undefined || ready.status === 'True' || first?.status !== 'True') return [];
    const same = ready.reason === first.reason && ready.message === first.message;
    return same ? [] : [`Ready does not say what ${first.type} says`];
  },
  WARN0003: ({ conditions }) => onlyWhileTrue(conditions, 'Reconciling'),
  WARN0004: ({ conditions }) => onlyWhileTrue(conditions, 'Stalled'),
  WARN0005: ({ conditions }) =>
    conditions
      .filter((condition) => generationOf(condition) < 1)
      .map(({ type }) => `${type} has no observedGeneration`),

  'patchgen/unique': ({ status }) => {
    const types = (status.conditions ?? []).map(({ type }) => type);
    return types.length === new Set(types).size ? [] : ['a condition type is there twice'];
  },
  'patchgen/fields': ({ status }) =>
    Object.keys(status)
      .filter((field) => !STATUS_FIELDS.has(field))
      .map((field) => `status.${field} is not in the schema`),
  'patchgen/reason': ({ conditions }) =>
    conditions
      .filter(({ reason }) => entryOf(reason) === undefined)
      .map(({ type, reason }) => `${type} has the reason ${reason}, which is not in the table`),
  'patchgen/message': ({ conditions }) =>
    conditions
      .filter(({ message }) => message === '' || [...message].length > MAX_MESSAGE_LENGTH)
      .map(({ type }) => `the message of ${type} is empty or longer than ${MAX_MESSAGE_LENGTH}`),
  'patchgen/time': ({ conditions }) =>
    conditions
      .filter(({ lastTransitionTime }) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(lastTransitionTime))
      .map(({ type }) => `${type} has no lastTransitionTime in whole seconds`),
  'patchgen/class': classRule,
  'patchgen/package': packageRule,
};

/** The class of the reason of Ready decides what else is there. */
function classRule({ ready, conditions }: View): readonly string[] {
  const entry = ready === undefined ? undefined : entryOf(ready.reason);
  if (ready === undefined || entry === undefined) return [];
  const stalled = isTrue(conditions, 'Stalled');
  const reconciling = isTrue(conditions, 'Reconciling');
  if (ready.status === 'True') return entry.class === 'Success' ? [] : [`Ready is True by ${ready.reason}`];
  switch (entry.class) {
    case 'Rejected':
      return stalled ? [] : [`${ready.reason} is terminal, and Stalled is not True`];
    case 'Waiting':
      return stalled ? [`${ready.reason} waits for something, and Stalled is True`] : [];
    case 'Transient':
    case 'Conflict':
      return reconciling ? [] : [`${ready.reason} will be tried again, and Reconciling is not True`];
    case 'Success':
      return ready.reason === 'Progressing' ? [] : [`Ready is not True by ${ready.reason}`];
    default:
      return [`${ready.reason} is never reported in a status`];
  }
}

function packageRule({ status, observed, ready, conditions }: View): readonly string[] {
  const { package: found } = status;
  const problems: string[] = [];
  if (isTrue(conditions, 'Packaged') && found === undefined) problems.push('Packaged is True without a package');
  if (ready?.status === 'True' && ready.reason === 'PackageWritten' && found?.generation !== observed) {
    problems.push('PackageWritten, and the package is not of the observed generation');
  }
  if (found !== undefined && found.generation > observed)
    problems.push('the package is ahead of the observed generation');
  return problems;
}

/** What must hold between two versions. */
function lintTransitions(before: PatchIntentStatus | undefined, after: PatchIntentStatus): readonly string[] {
  const problems: string[] = [];
  if ((after.observedGeneration ?? 0) < (before?.observedGeneration ?? 0)) {
    problems.push('patchgen/backwards: observedGeneration went back');
  }
  for (const old of before?.conditions ?? []) {
    const now = findCondition(after.conditions ?? [], old.type);
    if (!OWNED.has(old.type)) {
      if (now === undefined || !sameCondition(old, now))
        problems.push(`patchgen/foreign: ${old.type} is not ours and was touched`);
    } else if (now?.status === old.status && now.lastTransitionTime !== old.lastTransitionTime) {
      problems.push(`patchgen/transition: the time of ${old.type} moved and its status did not`);
    }
  }
  return problems;
}

function demandsNotReady({ conditions, ready }: View, type: string): readonly string[] {
  return isTrue(conditions, type) && ready !== undefined && ready.status !== 'False'
    ? [`${type} is True and Ready is ${ready.status}`]
    : [];
}

function onlyWhileTrue(conditions: readonly Condition[], type: string): readonly string[] {
  const found = findCondition(conditions, type);
  return found !== undefined && found.status !== 'True' ? [`${type} is ${found.status}; it must go instead`] : [];
}

function isTrue(conditions: readonly Condition[], type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

function has(conditions: readonly Condition[], type: string): boolean {
  return findCondition(conditions, type) !== undefined;
}

function generationOf(condition: Condition): number {
  return condition.observedGeneration ?? 0;
}

function entryOf(reason: string): ReasonEntry | undefined {
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS] : undefined;
}

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
