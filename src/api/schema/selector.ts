import Type, { type TSchema } from 'typebox';
import {
  LABEL_KEY_PATTERN,
  LABEL_VALUE_PATTERN,
  MAX_LABEL_KEY_LENGTH,
  MAX_LABEL_VALUE_LENGTH,
  MAX_LABEL_VALUES,
  MAX_LABELS,
  MAX_NAMES,
  NAME_GLOB_PATTERN,
} from '../policy/limits.ts';
import { labelKeys, valuesByOperator } from '../policy/rules.ts';
import { celRules } from './rules.ts';

/** A list that is replaced as a whole. */
export function list<T extends TSchema>(items: T, maxItems: number, description: string) {
  return Type.Array(items, { minItems: 1, maxItems, 'x-kubernetes-list-type': 'atomic', description });
}

/** Names, exact or with `*`. Not regular expressions: what a user writes must be matched in a bounded time. */
export function names(maxLength: number, description: string) {
  return list(Type.String({ minLength: 1, maxLength, pattern: NAME_GLOB_PATTERN }), MAX_NAMES, description);
}

/** One of some words. */
export function oneOf<const T extends string>(values: readonly T[], description: string, fallback?: NoInfer<T>) {
  const given = fallback === undefined ? {} : { default: fallback };
  return Type.Unsafe<T>({ type: 'string', enum: [...values], ...given, description });
}

const LabelValue = Type.String({ maxLength: MAX_LABEL_VALUE_LENGTH, pattern: LABEL_VALUE_PATTERN });

const MatchExpression = Type.Object(
  {
    key: Type.String({
      minLength: 1,
      maxLength: MAX_LABEL_KEY_LENGTH,
      pattern: LABEL_KEY_PATTERN,
      description: 'The label.',
    }),
    operator: oneOf(
      ['In', 'NotIn', 'Exists', 'DoesNotExist'],
      'How the label is compared. NotIn holds without it too.',
    ),
    values: Type.Optional(list(LabelValue, MAX_LABEL_VALUES, 'What the label is compared with: In and NotIn only.')),
  },
  { additionalProperties: false, ...celRules(valuesByOperator), description: 'One requirement on a label.' },
);

/** As `metav1.LabelSelector`, but never empty: a selector that selects everything is left out. */
export const LabelSelector = Type.Object(
  {
    matchLabels: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string>>>({
        type: 'object',
        maxProperties: MAX_LABELS,
        additionalProperties: { type: 'string', maxLength: MAX_LABEL_VALUE_LENGTH, pattern: LABEL_VALUE_PATTERN },
        ...celRules(labelKeys),
        description: 'Labels that must be there with these values.',
      }),
    ),
    matchExpressions: Type.Optional(list(MatchExpression, MAX_LABELS, 'Requirements that must all hold.')),
  },
  { additionalProperties: false, minProperties: 1, description: 'A label selector, as in a Deployment.' },
);
