import Type from 'typebox';
import { DURATION_PATTERN, MAX_DURATION_LENGTH } from '../duration.ts';
import { MAX_REPLICAS, MAX_SOURCE_LENGTH } from '../limits.ts';
import {
  CRON_PATTERN,
  MAX_APPROVALS,
  MAX_CRON_LENGTH,
  MAX_DELTA,
  MAX_PER_NAMESPACE_PER_HOUR,
  MAX_PER_TARGET_PER_HOUR,
  MAX_PERCENT,
  MAX_STORM_FAILURES,
  MAX_TIME_ZONE_LENGTH,
  POLICY_DEFAULTS,
  TIME_ZONE_PATTERN,
} from '../policy/limits.ts';
import {
  type Checked,
  minUpToMax,
  riskOnRisk,
  stormCoolDown,
  stormWindow,
  timeToLive,
  windowDuration,
} from '../policy/rules.ts';
import { celRules } from './rules.ts';
import { oneOf } from './selector.ts';

/** An optional whole number. */
function count(minimum: number, maximum: number, description: string, more: { readonly default?: number } = {}) {
  return Type.Optional(Type.Integer({ minimum, maximum, format: 'int32', ...more, description }));
}

function duration(between: Checked<unknown>, description: string, more: { readonly default?: string } = {}) {
  const text = { minLength: 2, maxLength: MAX_DURATION_LENGTH, pattern: DURATION_PATTERN };
  return Type.String({ ...text, ...more, ...celRules(between), description });
}

export const ReplicaLimits = Type.Object(
  {
    min: count(0, MAX_REPLICAS, 'The change may not go below.'),
    max: count(0, MAX_REPLICAS, 'The change may not go above.'),
    maxDelta: count(1, MAX_DELTA, 'How many replicas one change may add or take away. Needs the live number.'),
    maxPercent: count(
      1,
      MAX_PERCENT,
      'How many per cent of the live number one change may add or take away. No rounding: 20 per cent of 3 allow no ' +
        'step at all. Of 0 replicas, per cent are counted as of 1.',
    ),
    neverZero: Type.Optional(Type.Boolean({ description: 'true: the change may not scale to 0.' })),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    ...celRules(minUpToMax),
    description: 'Bounds of a change of replicas. Each that is given must hold.',
  },
);

export const Requirements = Type.Object(
  {
    reason: Type.Optional(Type.Boolean({ description: 'true: `spec.reason` must say something.' })),
    correlationId: Type.Optional(Type.Boolean({ description: 'true: `spec.correlationId` must be there.' })),
    source: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_SOURCE_LENGTH,
        description: '`spec.source` must be this; `*` stands for any characters.',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, description: 'What the intent must say.' },
);

export const RateLimits = Type.Object(
  {
    perTargetPerHour: count(1, MAX_PER_TARGET_PER_HOUR, 'How many changes of one target within any 60 minutes.'),
    perNamespacePerHour: count(
      1,
      MAX_PER_NAMESPACE_PER_HOUR,
      'How many changes of all targets of one namespace within any 60 minutes.',
    ),
  },
  { additionalProperties: false, minProperties: 1, description: 'How often. A change counts when it is let through.' },
);

export const StormBrake = Type.Object(
  {
    failures: Type.Integer({
      minimum: 1,
      maximum: MAX_STORM_FAILURES,
      format: 'int32',
      description: 'So many changes that failed…',
    }),
    window: duration(stormWindow, '…within this time…'),
    coolDown: duration(stormCoolDown, '…stop all further changes under the policy for this long.'),
  },
  { additionalProperties: false, description: 'Stops changes when too many of them fail.' },
);

export const Window = Type.Object(
  {
    effect: oneOf(['Allow', 'Deny'], 'Whether changes may happen within the window, or may not. Deny wins.'),
    schedule: Type.String({
      minLength: 9,
      maxLength: MAX_CRON_LENGTH,
      pattern: CRON_PATTERN,
      description:
        'When it begins: minute, hour, day of month, month, day of week, as cron reads them. A begin that daylight ' +
        'saving skips happens right after the gap; one that comes twice happens the first time, unless hour or minute ' +
        'is `*` or a step.',
    }),
    duration: duration(windowDuration, 'How long it lasts, in elapsed time.'),
    timeZone: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_TIME_ZONE_LENGTH,
        pattern: TIME_ZONE_PATTERN,
        default: POLICY_DEFAULTS.timeZone,
        description: 'Time zone of the schedule, as the IANA database calls it: `Europe/Berlin`.',
      }),
    ),
  },
  { additionalProperties: false, description: 'A time that comes again and again.' },
);

const Risk = Type.Object(
  {
    delta: count(0, MAX_DELTA, 'More replicas added or taken away than this. Needs the live number.'),
    percent: count(0, MAX_PERCENT, 'A larger part added or taken away than this. Needs the live number.'),
    toZero: Type.Optional(Type.Boolean({ description: 'true: scaling to 0.' })),
  },
  { additionalProperties: false, minProperties: 1, description: 'What counts as a risk: any that is given.' },
);

export const ApprovalRule = Type.Object(
  {
    mode: oneOf(['Never', 'OnRisk', 'Always'], 'When people must approve.'),
    risk: Type.Optional(Risk),
    approvals: count(1, MAX_APPROVALS, 'How many people.', { default: POLICY_DEFAULTS.approvals }),
    timeToLive: Type.Optional(
      duration(timeToLive, 'How long an approval holds.', { default: POLICY_DEFAULTS.timeToLive }),
    ),
    author: Type.Optional(
      oneOf(['Allow', 'Refuse'], 'Whether the author of the intent may approve it.', POLICY_DEFAULTS.author),
    ),
  },
  { additionalProperties: false, ...celRules(riskOnRisk), description: 'Whether people must approve, and who.' },
);
