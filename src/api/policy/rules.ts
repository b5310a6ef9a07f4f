import { durationMs } from '../duration.ts';
import type { Rule } from '../schema/rules.ts';
import { LABEL_KEY_PATTERN, MAX_LABEL_KEY_LENGTH, MAX_POLICY_NAME_LENGTH } from './limits.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A CEL rule of the CRD and the same in code. Both are asked of the same samples by the agreement test. */
export interface Checked<T> extends Rule {
  /** Only asked of a value that satisfies the schema, as the server does it. */
  readonly holds: (value: T) => boolean;
}

/** The rules of a policy beside the limits on matching: without one of them it says nothing. */
const TOPICS = [
  'replicas',
  'require',
  'rate',
  'storm',
  'windows',
  'autoscaler',
  'gitOps',
  'targetNamespaces',
  'approval',
];

export const saysSomething: Checked<Fields> = {
  rule: TOPICS.map((topic) => `has(self.${topic})`).join(' || '),
  message: `a policy needs at least one of ${TOPICS.join(', ')}`,
  holds: (spec) => TOPICS.some((topic) => spec[topic] !== undefined),
};

export const minUpToMax: Checked<Fields> = {
  rule: '!has(self.min) || !has(self.max) || self.min <= self.max',
  message: 'min must not be greater than max',
  holds: ({ min, max }) => min === undefined || max === undefined || Number(min) <= Number(max),
};

export const riskOnRisk: Checked<Fields> = {
  rule: "(self.mode == 'OnRisk') == has(self.risk)",
  message: "risk is required when mode is 'OnRisk', and has no meaning otherwise",
  holds: ({ mode, risk }) => (mode === 'OnRisk') === (risk !== undefined),
};

export const valuesByOperator: Checked<Fields> = {
  rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
  message: "values are required when operator is 'In' or 'NotIn', and must be left out otherwise",
  holds: ({ operator, values }) =>
    (operator === 'In' || operator === 'NotIn') === (Array.isArray(values) && values.length > 0),
};

export const labelKeys: Checked<Fields> = {
  rule: `self.all(key, size(key) <= ${MAX_LABEL_KEY_LENGTH} && key.matches('${LABEL_KEY_PATTERN}'))`,
  message: 'matchLabels has a key that is no label key',
  holds: (labels) =>
    Object.keys(labels).every((key) => key.length <= MAX_LABEL_KEY_LENGTH && new RegExp(LABEL_KEY_PATTERN).test(key)),
};

/** A duration between two others, both included. */
export function durationBetween(field: string, least: string, most: string): Checked<unknown> {
  const [low = 0, high = 0] = [durationMs(least), durationMs(most)];
  return {
    rule: `duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
    message: `${field} out of range: must be between ${least} and ${most}`,
    holds: (value) => {
      const ms = durationMs(String(value));
      return ms !== undefined && ms >= low && ms <= high;
    },
  };
}

export const stormWindow = durationBetween('window', '1s', '24h');
export const stormCoolDown = durationBetween('coolDown', '1s', '168h');
/** A month: a freeze over the holidays fits, and no window can be longer than what repeats it. */
export const windowDuration = durationBetween('duration', '1m', '744h');
export const timeToLive = durationBetween('timeToLive', '1m', '720h');

export const policyNameLength: Rule = {
  // As for PatchIntent: asked once, so that an object stored before the rule can still take a status.
  rule: `oldSelf.hasValue() || size(self.metadata.name) <= ${MAX_POLICY_NAME_LENGTH}`,
  optionalOldSelf: true,
  message: `metadata.name too long: at most ${MAX_POLICY_NAME_LENGTH} characters`,
};

/** Asked only of a change, because it speaks of the spec before. There is no such thing in code: the server refuses it. */
export const approvalImmutable: Rule = {
  rule: 'self == oldSelf',
  message: 'the spec of a PatchApproval can not be changed: delete it and create another',
};
