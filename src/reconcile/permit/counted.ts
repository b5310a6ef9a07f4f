import type { PolicyStatus, StormBrake } from '../../api/schema/patchpolicy.ts';
import type { Condition } from '../../api/types.ts';
import { CALM, drawBackStorm, lacksStorm, mergeStorms, type StormState } from '../../policy/brake.ts';
import {
  drawBackLedger,
  EMPTY_LEDGER,
  expire,
  type KnownText,
  type Ledger,
  lacksChanges,
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
  /**
   * The text is milder or stricter than what counts, which is to be written: it can not be read, something was taken out of
   * it, or a time in it lies ahead.
   */
  readonly mended: boolean;
}

/**
 * What the status of a policy says, on top of what an older version of the same policy said: that a person took
 * something out refunds nothing. What can not be read counts as all used up: the rate for an hour, the storm brake for
 * one cool-down, both from the time at which it was first seen. `brake` is that of the policy, as far as it can be used.
 */
export function countedIn(
  live: StoredPolicy,
  before: Counted | undefined,
  brake: StormBrake | undefined,
  now: Date,
): Counted {
  const { metadata, spec, status } = live;
  const known = before?.metadata.uid === metadata.uid ? before : undefined;
  const fields = fieldsOf(status);
  const { observedGeneration, conditions = [] } = readStatus(fields ?? {});
  const rateText = textOfPart(fields === undefined ? status : fields.rate);
  const stormText = textOfPart(fields === undefined ? status : fields.storm);
  const same = known !== undefined && known.rateText === rateText && known.stormText === stormText;
  const parts = same ? partsOf(known) : merged(read(fields, rateText, stormText, now), known, brake, now);
  return drawnBack({ metadata, spec, observedGeneration, conditions, rateText, stormText, ...parts }, now);
}

/** Times that lie ahead of the clock become now, once: they hold for an hour or a cool-down from now. The same where none does. */
export function drawnBack(counted: Counted, now: Date): Counted {
  const ledger = drawBackLedger(counted.ledger, now);
  const storm = drawBackStorm(counted.storm, now);
  const same = ledger === counted.ledger && storm === counted.storm;
  return same ? counted : { ...counted, ledger, storm, mended: true };
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

function merged(stored: Parts, known: Counted | undefined, brake: StormBrake | undefined, now: Date): Parts {
  if (known === undefined) return stored;
  const ledger = mergeLedgers(known.ledger, stored.ledger);
  const storm = mergeStorms(known.storm, stored.storm);
  const lacks =
    lacksChanges(stored.ledger, ledger, now) || (brake !== undefined && lacksStorm(stored.storm, storm, brake, now));
  return { ledger, storm, mended: stored.mended || lacks };
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
