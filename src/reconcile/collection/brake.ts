import { createHash } from 'node:crypto';

/**
 * Why an absence is not believed yet.
 * - `all`: every package of the root would go.
 * - `kind`: the intent vanished while its kind was absent or terminating.
 * - `rewound`: a list came back with a lower version than seen before (a restored etcd).
 * - `brake`: more than the brake's count and more than its fraction would go at once.
 */
export type HoldCause = 'all' | 'kind' | 'rewound' | 'brake';

/** One package whose intent is gone, or whose intent does not claim it. */
export interface Candidate {
  readonly key: string;
  /** Monotonic milliseconds of the first consistent sight of the absence, or of the last reason to doubt it. */
  readonly since: number;
  /** Set where this very absence is doubtful, whatever the number. */
  readonly doubt: 'kind' | 'rewound' | undefined;
  /**
   * Why it is held already. What is held stays so, though the set shrinks: intents that are coming back one by one would else
   * lose the packages of the last few as soon as these are few enough.
   */
  readonly held?: HoldCause | undefined;
}

export interface BrakeInput {
  readonly candidates: readonly Candidate[];
  /** Packages under the root now, the candidates' among them. */
  readonly packages: number;
  /** Removals granted and not carried out yet; their packages still count as packages. */
  readonly underway: number;
  /** Packages removed within the last window: a mass removal in small portions is one all the same. */
  readonly recentlyRemoved: number;
  /** Digest that a person confirmed, if any. */
  readonly confirmed: string | undefined;
  readonly now: number;
}

export interface BrakeRules {
  readonly count: number;
  readonly fraction: number;
  /** Milliseconds of absence after which a held removal goes ahead. */
  readonly patience: number;
}

export interface Decision {
  readonly granted: readonly string[];
  readonly held: readonly { readonly key: string; readonly cause: HoldCause }[];
  /** Names the held set, for the confirmation; undefined when nothing is held. */
  readonly digest: string | undefined;
  /** True when the confirmation of a person let a held set go. */
  readonly confirmed: boolean;
}

/** Decides which absences are believed. Pure. */
export function decide(input: BrakeInput, rules: BrakeRules): Decision {
  const everything = input.packages + input.recentlyRemoved;
  const going = input.candidates.length + input.underway + input.recentlyRemoved;
  const cause = setCause(going, everything, rules);
  const granted: string[] = [];
  const held: { key: string; cause: HoldCause }[] = [];
  for (const { key, doubt, held: before, since } of input.candidates) {
    const why = doubt ?? before ?? cause;
    if (why === undefined || input.now - since >= rules.patience) granted.push(key);
    else held.push({ key, cause: why });
  }
  if (held.length === 0) return { granted, held, digest: undefined, confirmed: false };
  const digest = setDigest(held.map(({ key }) => key));
  if (digest === input.confirmed)
    return { granted: [...granted, ...held.map(({ key }) => key)], held: [], digest: undefined, confirmed: true };
  return { granted, held, digest, confirmed: false };
}

function setCause(going: number, everything: number, rules: BrakeRules): 'all' | 'brake' | undefined {
  if (going > 0 && going >= everything) return 'all';
  if (going > rules.count && going > rules.fraction * everything) return 'brake';
  return undefined;
}

/** First 12 hex digits of the sha256 of the sorted keys, one per line. */
export function setDigest(keys: readonly string[]): string {
  const lines = [...keys].sort().map((key) => `${key}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 12);
}
