import {
  LABEL_KEY_PATTERN,
  LABEL_VALUE_PATTERN,
  MAX_LABEL_KEY_LENGTH,
  MAX_LABEL_VALUE_LENGTH,
} from '../../api/policy/limits.ts';
import { quote } from '../../api/quote.ts';
import type { ValidIntent } from '../../api/wire/load.ts';
import { wholeNumber } from '../../config/kinds.ts';
import type { Labels, PolicyInput, Unknown } from '../../policy/input.ts';
import { UsageError } from '../io.ts';

/** What the operator would find in the cluster, as said on the command line. */
export interface RawCircumstances {
  readonly namespaceLabels?: string;
  readonly targetNamespaceLabels?: string;
  readonly targetLabels?: string;
  readonly from?: string;
  readonly autoscaler?: string;
  readonly owner?: string;
  readonly at?: string;
}

export interface Circumstances {
  readonly namespaceLabels: Labels | Unknown;
  readonly targetNamespaceLabels: Labels | Unknown;
  readonly targetLabels: Labels | Unknown;
  readonly from: number | Unknown;
  readonly others: Others;
  readonly now: Date;
}

/** Who else has the field, or which of them is not known. */
type Others = Pick<PolicyInput, 'autoscaler' | 'owner' | 'blind'>;

/** Said of an autoscaler or owner that is not there. */
const NONE = 'none';

/** Throws `UsageError` for what can not be read. */
export function circumstancesOf(raw: RawCircumstances, now: Date): Circumstances {
  return {
    namespaceLabels: labelsOf('--namespace-labels', raw.namespaceLabels),
    targetNamespaceLabels: labelsOf('--target-namespace-labels', raw.targetNamespaceLabels),
    targetLabels: labelsOf('--target-labels', raw.targetLabels),
    from: replicasOf(raw.from),
    others: othersOf(raw),
    now: raw.at === undefined ? now : timeOf(raw.at),
  };
}

/** What is asked of the policies about one intent. */
export function inputOf(intent: ValidIntent, circumstances: Circumstances): PolicyInput {
  const { spec, namespace } = intent;
  const { namespaceLabels, targetNamespaceLabels, targetLabels, from, others, now } = circumstances;
  const { reason, source, correlationId } = spec;
  return {
    intent: {
      namespace,
      namespaceLabels,
      type: spec.intentType,
      id: `${intent.uid ?? intent.name ?? ''}/${intent.generation ?? 0}`,
      ...(reason === undefined ? {} : { reason }),
      ...(source === undefined ? {} : { source }),
      ...(correlationId === undefined ? {} : { correlationId }),
    },
    target: {
      apiVersion: spec.targetApiVersion,
      kind: spec.targetKind,
      namespace: spec.namespace,
      name: spec.target,
      namespaceLabels: spec.namespace === namespace ? namespaceLabels : targetNamespaceLabels,
      labels: targetLabels,
    },
    replicas: { from, to: spec.replicas },
    ...others,
    usage: new Map(),
    now,
  };
}

function othersOf({ autoscaler, owner }: RawCircumstances): Others {
  for (const [flag, name] of Object.entries({ autoscaler, owner })) {
    if (name?.trim() === '') throw new UsageError(`--${flag}: must be what it is called, or ${NONE}`);
  }
  const blind: Others['blind'] = [
    ...(autoscaler === undefined ? (['autoscaler'] as const) : []),
    ...(owner === undefined ? (['gitOps'] as const) : []),
  ];
  return {
    ...(autoscaler === undefined || autoscaler === NONE ? {} : { autoscaler }),
    ...(owner === undefined || owner === NONE ? {} : { owner }),
    ...(blind.length === 0 ? {} : { blind }),
  };
}

/** `env=prod,team=shop`; the empty text is no label. Not said: unknown. */
function labelsOf(flag: string, text: string | undefined): Labels | Unknown {
  if (text === undefined) return 'unknown';
  if (text.trim() === '') return {};
  const pairs = text.split(',').map((pair) => {
    const [key = '', value, ...more] = pair.trim().split('=');
    if (value === undefined || more.length > 0 || !isLabel(key, value)) {
      throw new UsageError(`${flag}: must be labels such as env=prod,team=shop, got ${quote(pair)}`);
    }
    return [key, value] as const;
  });
  return Object.fromEntries(pairs);
}

function isLabel(key: string, value: string): boolean {
  if (key.length > MAX_LABEL_KEY_LENGTH || value.length > MAX_LABEL_VALUE_LENGTH) return false;
  return new RegExp(LABEL_KEY_PATTERN).test(key) && new RegExp(LABEL_VALUE_PATTERN).test(value);
}

const REPLICAS = wholeNumber(0, 2 ** 31 - 1);

function replicasOf(text: string | undefined): number | Unknown {
  if (text === undefined) return 'unknown';
  const number = REPLICAS.parse(text);
  if (number === undefined) throw new UsageError(`--from: must be ${REPLICAS.allowed}, got ${quote(text)}`);
  return number;
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

function timeOf(text: string): Date {
  const [, day = ''] = RFC3339.exec(text) ?? [];
  // JavaScript takes 30 February for a day in March.
  const time = isDay(day) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new UsageError(`--at: must be a time such as 2026-12-24T18:00:00Z, got ${quote(text)}`);
  return new Date(time);
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
