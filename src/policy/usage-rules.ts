import { brakedUntil, CALM } from './brake.ts';
import type { CompiledPolicy } from './compile.ts';
import type { PolicyInput } from './input.ts';
import { type Claim, EMPTY_LEDGER, fullUntilOf } from './ledger.ts';
import type { Opinion } from './verdict.ts';
import { untilWords } from './window-rule.ts';

/** Whether the change fits into the rate, and whether the storm brake is off. */
export function usageOpinions(policy: CompiledPolicy, input: PolicyInput): readonly Opinion[] {
  return [...rateOpinions(policy, input), ...stormOpinions(policy, input)];
}

/** What an intent claims from the ledger of each policy that applies. */
export function claimOf({ intent, target }: PolicyInput): Claim {
  const { namespace, apiVersion, kind, name } = target;
  return { namespace, apiVersion, kind, name, id: intent.id };
}

function rateOpinions({ name, spec }: CompiledPolicy, input: PolicyInput): readonly Opinion[] {
  if (spec.rate === undefined) return [];
  const ledger = input.usage.get(name)?.ledger ?? EMPTY_LEDGER;
  const claim = claimOf(input);
  const { perTargetPerHour, perNamespacePerHour } = spec.rate;
  const rules: readonly (readonly [string, number | undefined])[] = [
    ['perTargetPerHour', perTargetPerHour],
    ['perNamespacePerHour', perNamespacePerHour],
  ];
  return rules.flatMap(([rule, limit]) => {
    if (limit === undefined) return [];
    const until = fullUntilOf(ledger, { [rule]: limit }, claim, input.now);
    return [timed(`rate.${rule}`, until, `at most ${limit} within an hour`, 'there is room', 'all used up')];
  });
}

function stormOpinions({ name, spec }: CompiledPolicy, { usage, now }: PolicyInput): readonly Opinion[] {
  if (spec.storm === undefined) return [];
  const until = brakedUntil(usage.get(name)?.storm ?? CALM, spec.storm, now);
  const { failures, window } = spec.storm;
  const words = `${failures} failed changes within ${window} stop the rest`;
  return [timed('storm', until, words, 'not so', 'cooling down')];
}

function timed(rule: string, until: Date | undefined, words: string, free: string, held: string): Opinion {
  if (until === undefined) return { rule, result: 'Allow', message: `${words}: ${free}` };
  return { rule, result: 'Wait', message: `${words}: ${held}${untilWords(until)}`, until, edge: until };
}
