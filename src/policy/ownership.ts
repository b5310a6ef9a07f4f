import type { Behaviour } from '../api/schema/patchpolicy.ts';
import type { CompiledPolicy } from './compile.ts';
import type { PolicyInput } from './input.ts';
import type { Decision, Opinion } from './verdict.ts';

const RESULT: Readonly<Record<Behaviour, Decision>> = { Refuse: 'Refuse', Warn: 'Warn', Ignore: 'Allow' };

const IF_UNKNOWN: Readonly<Record<Behaviour, Decision>> = { Refuse: 'Wait', Warn: 'Allow', Ignore: 'Allow' };

/** What holds where no policy that applies says anything. */
export const OWNERSHIP_DEFAULTS = Object.freeze({ autoscaler: 'Refuse', gitOps: 'Warn' } as const);

/** What to do about another owner of the field, as one policy has it; `behaviours` is its spec or the defaults. */
export function ownershipOpinions(
  behaviours: Pick<CompiledPolicy['spec'], 'autoscaler' | 'gitOps'>,
  { autoscaler, owner, blind = [] }: PolicyInput,
): readonly Opinion[] {
  const unknown = (rule: 'autoscaler' | 'gitOps'): boolean => blind.includes(rule);
  return [
    ...opinionOn(
      'autoscaler',
      behaviours.autoscaler,
      autoscaler ?? unknown('autoscaler'),
      'would set the number again',
    ),
    ...opinionOn(
      'gitOps',
      behaviours.gitOps,
      owner ?? unknown('gitOps'),
      'would put the target back to what is declared elsewhere',
    ),
  ];
}

function opinionOn(
  rule: 'autoscaler' | 'gitOps',
  behaviour: Behaviour | undefined,
  found: string | boolean,
  effect: string,
): readonly Opinion[] {
  if (behaviour === undefined) return [];
  if (found === false) return [{ rule, result: 'Allow', message: 'nothing else owns the field' }];
  if (found === true)
    return [{ rule, result: IF_UNKNOWN[behaviour], message: 'whether anything else owns the field is not known' }];
  return [{ rule, result: RESULT[behaviour], message: `${found} ${effect} (${behaviour})` }];
}
