import type { PolicyStatus } from '../../api/schema/patchpolicy.ts';
import type { Condition } from '../../api/types.ts';
import { CALM, mergeStorms, type StormState } from '../../policy/brake.ts';
import {
  EMPTY_LEDGER,
  expire,
  type KnownText,
  type Ledger,
  ledgerOf,
  ledgerText,
  mergeLedgers,
  sealed,
} from '../../policy/ledger.ts';
import { readStatus } from '../stored-status.ts';
import type { StoredPolicy } from './stored-policy.ts';

/** What a policy has counted, as the server holds it in the version of `metadata`. */
export interface Counted extends Pick<StoredPolicy, 'metadata' | 'spec'> {
  readonly observedGeneration: number | undefined;
  readonly conditions: readonly Condition[];
  /** What the text says, and what this process has seen there before. */
  readonly ledger: Ledger;
  readonly storm: StormState;
  /** Of the server, to tell whether another version counts the same. */
  readonly rateText: string;
  readonly stormText: string;
  /** A part of the status that can not be read was replaced by the strictest that it may have said, and is to be written. */
  readonly mended: boolean;
}

/**
 * What the status of a policy says, on top of what an older version of the same policy said: that a person took
 * something out refunds nothing. What can not be read counts as all used up: the rate for an hour, the storm brake for
 * one cool-down, both from the time at which it was first seen.
 */
export function countedIn(live: StoredPolicy, before: Counted | undefined, now: Date): Counted {
  const { metadata, spec, status } = live;
  const known = before?.metadata.uid === metadata.uid ? before : undefined;
  const fields = fieldsOf(status);
  const { observedGeneration, conditions = [] } = readStatus(fields ?? {});
  const rateText = textOfPart(fields === undefined ? status : fields.rate);
  const stormText = textOfPart(fields === undefined ? status : fields.storm);
  const same = known !== undefined && known.rateText === rateText && known.stormText === stormText;
  return {
    metadata,
    spec,
    observedGeneration,
    conditions,
    rateText,
    stormText,
    ...(same ? partsOf(known) : merged(read(fields, rateText, stormText, now), known)),
  };
}

/** The status in which that is counted. */
export function statusOf(ledger: Ledger, storm: StormState, known?: KnownText): Pick<PolicyStatus, 'rate' | 'storm'> {
  const rate = ledgerText(ledger, known);
  return { ...(rate === '' ? {} : { rate }), ...(isCalm(storm) ? {} : { storm: plain(storm) }) };
}

/** As `Counted.stormText` has it. */
export const stormTextOf = (storm: StormState): string => (isCalm(storm) ? '' : JSON.stringify(plain(storm)));

/** Whether all that the server has in the text is over. */
export const isOver = ({ rateText }: Counted, ledger: Ledger, now: Date): boolean =>
  rateText !== '' && expire(ledger, now).entries.length === 0;

type Parts = Pick<Counted, 'ledger' | 'storm' | 'mended'>;

const partsOf = ({ ledger, storm, mended }: Counted): Parts => ({ ledger, storm, mended });

function read(fields: Fields | undefined, rateText: string, stormText: string, now: Date): Parts {
  const ledger = fields === undefined ? undefined : rateText === '' ? EMPTY_LEDGER : ledgerOf(rateText);
  const storm = fields === undefined ? undefined : stormText === '' ? CALM : stormOf(fields.storm);
  return {
    ledger: ledger ?? sealed(now),
    storm: storm ?? { failures: [], trippedAt: now.getTime() },
    mended: ledger === undefined || storm === undefined,
  };
}

function merged({ ledger, storm, mended }: Parts, known: Counted | undefined): Parts {
  if (known === undefined) return { ledger, storm, mended };
  return { ledger: mergeLedgers(known.ledger, ledger), storm: mergeStorms(known.storm, storm), mended };
}

type Fields = Readonly<Record<string, unknown>>;

/** Undefined for a status that is no object, and so can not be read at all. */
function fieldsOf(status: unknown): Fields | undefined {
  if (status === undefined || status === null) return {};
  return isRecord(status) ? status : undefined;
}

function textOfPart(part: unknown): string {
  if (part === undefined || part === null) return '';
  return typeof part === 'string' ? part : JSON.stringify(part);
}

function stormOf(raw: unknown): StormState | undefined {
  if (!isRecord(raw) || !Array.isArray(raw.failures) || !raw.failures.every(isFailure)) return undefined;
  const { failures, trippedAt } = raw;
  if (trippedAt !== undefined && !isTime(trippedAt)) return undefined;
  return mergeStorms(CALM, { failures, ...(trippedAt === undefined ? {} : { trippedAt }) });
}

function plain({ failures, trippedAt }: StormState): NonNullable<PolicyStatus['storm']> {
  return {
    failures: failures.map(({ at, id }) => ({ at, id })),
    ...(trippedAt === undefined ? {} : { trippedAt }),
  };
}

const isCalm = ({ failures, trippedAt }: StormState): boolean => failures.length === 0 && trippedAt === undefined;
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isFailure = (value: unknown): value is StormState['failures'][number] =>
  isRecord(value) && isTime(value.at) && typeof value.id === 'string';
