import type { RateLimits } from '../api/schema/patchpolicy.ts';
import { CLOCKS_APART_MS } from './clocks.ts';
import { type Claim, ENTRY_WIDTH, type Entry, entryOf, isBefore, textOf, textOfAll } from './ledger-entry.ts';
import { changesOf, moveIndex, usedIn } from './ledger-index.ts';

export { type Claim, claimOf } from './ledger-entry.ts';

/**
 * Changes that one policy let through, for its rate limits. An entry stays until it is an hour old, whatever becomes of
 * the intent: taking an intent away and making it again refunds nothing, because the new one has another id.
 *
 * As text an entry is 31 characters, so 5,000 targets with one change each are 155,000 bytes, and the bound on the
 * number of entries is one of 310,000 bytes. A ledger that is full lets nothing through until its oldest entry leaves.
 */
export interface Ledger {
  /** By time, then by the rest; no two of the same change. */
  readonly entries: readonly Entry[];
}

/** When there may be room under each limit; absent where there is room now. */
export interface FullUntil {
  readonly perTargetPerHour?: Date;
  readonly perNamespacePerHour?: Date;
}

/** A ledger and its text. */
export interface KnownText {
  readonly ledger: Ledger;
  readonly text: string;
}

export const MAX_ENTRIES = 10_000;
export const EMPTY_LEDGER: Ledger = Object.freeze({ entries: Object.freeze([]) });
const NO_TEXT: KnownText = Object.freeze({ ledger: EMPTY_LEDGER, text: '' });

const HOUR_S = 3600;
const PARTING_MS = 60_000;
/** Stands for changes that nobody can read any more. No claim hashes to it but by a chance of 1 to 2^144. */
const SEAL: Claim = Object.freeze({ namespace: '------', target: '--------', id: '----------' });

/**
 * The ledger with the claim in it, or the moment at which there may be room for it. A claim that is in it already is
 * granted again: it counts once, for an hour from now. What is older than an hour is gone from the result.
 */
export function reserve(
  ledger: Ledger,
  limits: RateLimits,
  claim: Claim,
  now: Date,
): { readonly ledger: Ledger } | { readonly fullUntil: Date } {
  const { perTargetPerHour, perNamespacePerHour } = fullUntilOf(ledger, limits, claim, now);
  const fullUntil = latest(perTargetPerHour, perNamespacePerHour);
  if (fullUntil !== undefined) return { fullUntil };
  const live = expire(ledger, now);
  const entry = { ...claim, at: secondsOf(now) };
  const before = changesOf(live.entries, claim).find(({ id }) => id === claim.id);
  if (before?.at === entry.at) return { ledger: live };
  const entries = inserted(before === undefined ? live.entries : live.entries.filter((one) => one !== before), entry);
  if (before === undefined) moveIndex(live.entries, entries, entry);
  return { ledger: { entries } };
}

/** Stands in for a ledger that can not be read: under any limit, nothing new is let through for an hour. */
export function sealed(now: Date): Ledger {
  return { entries: [{ ...SEAL, at: secondsOf(now) }] };
}

/** Until when nothing is let through because changes can not be read; undefined where all can. */
export function sealedUntil(ledger: Ledger, now: Date): Date | undefined {
  return hasSeal(ledger) ? freeAt(expire(ledger, now).entries, 1, isSeal) : undefined;
}

/**
 * Which limits leave no room for the claim, and until when. None for a claim that is in the ledger already. A ledger with
 * as many entries as it can hold leaves no room under any.
 */
export function fullUntilOf(ledger: Ledger, limits: RateLimits, claim: Claim, now: Date): FullUntil {
  const changes = changesOf(ledger.entries, claim);
  if (changes.some(({ id, at }) => id === claim.id && !isOver(at, now))) return {};
  const { perTargetPerHour: most = MAX_ENTRIES, perNamespacePerHour: mostHere = MAX_ENTRIES } = limits;
  const all = ledger.entries.length;
  // Most of the time there is room, even counting what is over; only else are the entries read one by one.
  const room = changes.length < most && usedIn(ledger.entries, claim) < mostHere && all < MAX_ENTRIES;
  if (room && !hasSeal(ledger)) return {};
  const { entries } = expire(ledger, now);
  const space = latest(
    freeAt(entries, MAX_ENTRIES, () => true),
    freeAt(entries, 1, isSeal),
  );
  const target = (entry: Entry): boolean => entry.target === claim.target && entry.namespace === claim.namespace;
  const namespace = (entry: Entry): boolean => entry.namespace === claim.namespace;
  const perTargetPerHour = latest(freeAt(entries, limits.perTargetPerHour, target), space);
  const perNamespacePerHour = latest(freeAt(entries, limits.perNamespacePerHour, namespace), space);
  return {
    ...(perTargetPerHour === undefined ? {} : { perTargetPerHour }),
    ...(perNamespacePerHour === undefined ? {} : { perNamespacePerHour }),
  };
}

/** Without what is an hour old. A time ahead of the clock, left by a clock that was wrong, becomes now. */
export function expire(ledger: Ledger, now: Date): Ledger {
  const { entries } = ledger;
  const last = entries.at(-1);
  if (last === undefined || isOver(last.at, now)) return EMPTY_LEDGER;
  const first = entries.findIndex(({ at }) => !isOver(at, now));
  const left = first === 0 ? entries : entries.slice(first);
  const seconds = secondsOf(now);
  if (last.at > seconds) return sorted(left.map((entry) => ({ ...entry, at: Math.min(entry.at, seconds) })));
  return left === entries ? ledger : { entries: left };
}

/** Times that lie ahead become now; the same ledger where none does. */
export function drawBackLedger(ledger: Ledger, now: Date): Ledger {
  const last = ledger.entries.at(-1);
  return last === undefined || last.at * 1000 <= now.getTime() + CLOCKS_APART_MS ? ledger : expire(ledger, now);
}

/**
 * Whether a change that is known and counts is missing in what is stored. What counts for less than another minute is
 * not missed: a replica whose clock is ahead may have let it go.
 */
export function lacksChanges(stored: Ledger, known: Ledger, now: Date): boolean {
  const soon = new Date(now.getTime() + PARTING_MS);
  const there = new Set(stored.entries.filter(({ at }) => !isOver(at, now)).map(changeOf));
  return known.entries.some((entry) => !isOver(entry.at, soon) && !there.has(changeOf(entry)));
}

/**
 * What two replicas counted, together. Commutative, associative, idempotent. Of one change the later time counts. Beyond the bound the oldest entries go:
 * until the oldest of the rest is an hour old nothing is let through, and by then those are older.
 */
export function mergeLedgers(one: Ledger, other: Ledger): Ledger {
  return sorted([...one.entries, ...other.entries]);
}

/** The ledger as text for a status; equal ledgers give equal text. What it has in common with `known` isn't made anew. */
export function ledgerText({ entries }: Ledger, known: KnownText = NO_TEXT): string {
  const [oldest] = entries;
  const first = oldest === undefined ? -1 : known.ledger.entries.indexOf(oldest);
  if (first === -1) return textOfAll(entries);
  const last = entries.findIndex((entry, i) => entry !== known.ledger.entries[first + i]);
  const same = last === -1 ? entries.length : last;
  return known.text.slice(first * ENTRY_WIDTH, (first + same) * ENTRY_WIDTH) + textOfAll(entries.slice(same));
}

/** The ledger of such a text; undefined for any other text. */
export function ledgerOf(text: string): Ledger | undefined {
  if (text.length % ENTRY_WIDTH !== 0) return undefined;
  const entries: Entry[] = [];
  for (let i = 0; i < text.length; i += ENTRY_WIDTH) {
    const entry = entryOf(text.slice(i, i + ENTRY_WIDTH));
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return sorted(entries);
}

const secondsOf = (date: Date): number => Math.ceil(date.getTime() / 1000);
const isOver = (at: number, now: Date): boolean => (at + HOUR_S) * 1000 <= now.getTime();

/** When so many of the entries that count (in order) are an hour old that there is room for one more under the limit. */
function freeAt(
  entries: readonly Entry[],
  limit: number | undefined,
  counts: (entry: Entry) => boolean,
): Date | undefined {
  if (limit === undefined || entries.length < limit) return undefined;
  // From the youngest: the one that makes the limit full is the one to wait for.
  let used = 0;
  const last = entries.findLast((entry) => counts(entry) && ++used === limit);
  return last === undefined ? undefined : new Date((last.at + HOUR_S) * 1000);
}

function latest(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other ? one : other;
}

/** Entries in order with one more, in its place. */
function inserted(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  let [place, end] = [0, entries.length];
  while (place < end) {
    const middle = (place + end) >> 1;
    const other = entries[middle];
    if (other !== undefined && isBefore(other, entry)) place = middle + 1;
    else end = middle;
  }
  const more = entries.slice();
  more.splice(place, 0, entry);
  return more;
}

/** In order, each change once and at its last time, within the bound. */
function sorted(entries: readonly Entry[]): Ledger {
  const last = new Map<string, readonly [text: string, entry: Entry]>();
  for (const entry of entries) {
    const text = textOf(entry);
    const change = changeOf(entry);
    const known = last.get(change);
    if (known === undefined || known[0] < text) last.set(change, [text, entry]);
  }
  const ordered = [...last.values()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
  return { entries: ordered.slice(-MAX_ENTRIES) };
}

const changeOf = ({ namespace, target, id }: Entry): string => namespace + target + id;
const isSeal = ({ namespace, target, id }: Entry): boolean =>
  id === SEAL.id && target === SEAL.target && namespace === SEAL.namespace;
const hasSeal = ({ entries }: Ledger): boolean => changesOf(entries, SEAL).some(isSeal);
