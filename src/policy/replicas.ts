import type { CompiledPolicy } from './compile.ts';
import type { PolicyInput } from './input.ts';
import type { Decision, Opinion } from './verdict.ts';

/** How far a change goes, where the live number is known. */
export interface Step {
  /** Replicas added or taken away. */
  readonly delta: number;
  /** Whether that is more than so many per cent of the live number. Of 0, per cent are counted as of 1. */
  readonly exceeds: (percent: number) => boolean;
}

export function stepOf({ replicas }: PolicyInput): Step | 'unknown' {
  if (replicas === undefined) return { delta: 0, exceeds: () => false };
  const { from, to } = replicas;
  if (from === 'unknown') return 'unknown';
  const delta = Math.abs(to - from);
  // Whole numbers only: a division would round.
  return { delta, exceeds: (percent) => delta * 100 > percent * Math.max(from, 1) };
}

/** The bounds of the number itself. */
export function replicaOpinions({ spec }: CompiledPolicy, input: PolicyInput): readonly Opinion[] {
  if (spec.replicas === undefined || input.replicas === undefined) return [];
  const { min, max, neverZero } = spec.replicas;
  const { to } = input.replicas;
  return [
    ...(min === undefined ? [] : [limit('min', to >= min, `${to} against at least ${min}`)]),
    ...(max === undefined ? [] : [limit('max', to <= max, `${to} against at most ${max}`)]),
    ...(neverZero === true ? [limit('neverZero', to !== 0, `${to} against at least 1 (never to 0)`)] : []),
  ];
}

/** The bounds of one step. */
export function stepOpinions({ spec }: CompiledPolicy, input: PolicyInput): readonly Opinion[] {
  if (spec.replicas === undefined || input.replicas === undefined) return [];
  const { maxDelta, maxPercent } = spec.replicas;
  const step = stepOf(input);
  const change = `from ${input.replicas.from} to ${input.replicas.to}`;
  const bound = (name: string, most: number | undefined, unit: string, over: (most: number) => boolean) => {
    if (most === undefined) return [];
    return step === 'unknown'
      ? [blind(name)]
      : [limit(name, !over(most), `${change} against at most ${most}${unit} at a time`)];
  };
  return [
    ...bound('maxDelta', maxDelta, '', (most) => step !== 'unknown' && step.delta > most),
    ...bound('maxPercent', maxPercent, ' per cent', (most) => step !== 'unknown' && step.exceeds(most)),
  ];
}

function limit(name: string, holds: boolean, compared: string): Opinion {
  const result: Decision = holds ? 'Allow' : 'Refuse';
  return { rule: `replicas.${name}`, result, message: `replicas ${compared}` };
}

function blind(name: string): Opinion {
  return { rule: `replicas.${name}`, result: 'Wait', message: 'the live number of replicas is not known' };
}
