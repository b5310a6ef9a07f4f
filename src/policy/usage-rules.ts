import { brakedUntil, CALM } from './brake.ts';
import type { CompiledPolicy } from './compile.ts';
import type { PolicyInput } from './input.ts';
import { type Claim, claimOf, EMPTY_LEDGER, fullUntilOf } from './ledger.ts';
import type { Opinion } from './verdict.ts';
import { untilWords } from './window-rule.ts';

/** Whether the change fits into the rate, and whether the storm brake is off. */
export function usageOpinions(policy: CompiledPolicy, input: PolicyInput): readonly Opinion[] {
  return [...rateOpinions(policy, input), ...stormOpinions(policy, input)];
}

const CLAIMS = new WeakMap<PolicyInput, Claim>();

/** What an intent claims from the ledger of each policy that applies. Hashed once for all of them. */
export function claimIn(input: PolicyInput): Claim {
  const known = CLAIMS.get(input);
  if (known !== undefined) return known;
  const { namespace, apiVersion, kind, name } = input.target;
  const claim = claimOf({ namespace, apiVersion, kind, name, id: input.intent.id });
  CLAIMS.set(input, claim);
  return claim;
}

function rateOpinions({ name, spec }: CompiledPolicy, input: PolicyInput): readonly Opinion[] {
  if (spec.rate === undefined) return [];
  const full = fullUntilOf(input.usage.get(name)?.ledger ?? EMPTY_LEDGER, spec.rate, claimIn(input), input.now);
  const { perTargetPerHour, perNamespacePerHour } = spec.rate;
  return [
    ...rateOpinion('perTargetPerHour', perTargetPerHour, full.perTargetPerHour, untilWords(full.perTargetPerHour)),
    // Without a time: thousands may wait for the same place, and each place that is taken would be news for all the others.
    ...rateOpinion('perNamespacePerHour', perNamespacePerHour, full.perNamespacePerHour, OLDEST_LEAVES),
  ];
}

const OLDEST_LEAVES = ', until the oldest of them is an hour old';

function rateOpinion(
  name: 'perTargetPerHour' | 'perNamespacePerHour',
  limit: number | undefined,
  until: Date | undefined,
  when: string,
): readonly Opinion[] {
  if (limit === undefined) return [];
  return [timed(`rate.${name}`, until, `at most ${limit} within an hour`, 'there is room', `all used up${when}`)];
}

function stormOpinions({ name, spec }: CompiledPolicy, { usage, now }: PolicyInput): readonly Opinion[] {
  if (spec.storm === undefined) return [];
  const until = brakedUntil(usage.get(name)?.storm ?? CALM, spec.storm, now);
  const { failures, window } = spec.storm;
  const words = `${failures} failed changes within ${window} stop the rest`;
  return [timed('storm', until, words, 'not so', `cooling down${untilWords(until)}`)];
}

function timed(rule: string, until: Date | undefined, words: string, free: string, held: string): Opinion {
  if (until === undefined) return { rule, result: 'Allow', message: `${words}: ${free}` };
  return { rule, result: 'Wait', message: `${words}: ${held}`, until, edge: until };
}
