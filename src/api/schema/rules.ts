import { MAX_INTENT_NAME_LENGTH, MAX_REPLICAS, MIN_REPLICAS, NAME_PATTERN } from '../limits.ts';

/**
 * A CEL rule of the CRD. `checkSpec` says the same in code, in the same words; the agreement test compares them.
 * The server skips every rule when a type, an enum, a length or a required field is wrong already.
 */
export interface Rule {
  readonly rule: string;
  /** Fixed words: the server puts the value before them, and refuses a message computed with `string()` as too costly. */
  readonly message: string;
  /** The rule also holds for creation, where `oldSelf` is empty. */
  readonly optionalOldSelf?: true;
}

/** The schema keyword that carries rules. */
export function rules(...list: readonly Rule[]): { readonly 'x-kubernetes-validations': readonly Rule[] } {
  return { 'x-kubernetes-validations': list };
}

/** The same for rules that exist in code as well, of which only the words belong into the CRD. */
export function celRules(...list: readonly Rule[]): ReturnType<typeof rules> {
  return rules(...list.map(({ rule, message }) => ({ rule, message })));
}

/** A name becomes a folder of the package tree, so `..` and slashes get a message of their own. */
export function nameRules(field: 'target' | 'namespace'): readonly Rule[] {
  return [
    {
      rule: `!self.contains('..') && !self.contains('/') && !self.contains(r'\\')`,
      message: `path traversal detected: ${field} must be a plain name without '..' and slashes`,
    },
    { rule: `self.matches('${NAME_PATTERN}')`, message: `${field} does not match pattern ${NAME_PATTERN}` },
  ];
}

export const replicasRule: Rule = {
  rule: `self >= ${MIN_REPLICAS} && self <= ${MAX_REPLICAS}`,
  message: `replicas out of range: must be between ${MIN_REPLICAS} and ${MAX_REPLICAS}`,
};

export const scalingRule: Rule = {
  rule: `!has(self.intentType) || self.intentType != 'scaling' || has(self.replicas)`,
  message: "replicas is required when intent_type is 'scaling'; a missing value never counts as 0",
};

export const nameLengthRule: Rule = {
  // A rule at the root sees each write of the status as a change, so without the first half an object that was stored
  // under a longer name could never take a status. A name never changes, so asking once is enough.
  rule: `oldSelf.hasValue() || size(self.metadata.name) <= ${MAX_INTENT_NAME_LENGTH}`,
  optionalOldSelf: true,
  message: `metadata.name too long: at most ${MAX_INTENT_NAME_LENGTH} characters`,
};
