import { createHash } from 'node:crypto';
import type { RateLimits } from '../api/schema/patchpolicy.ts';

/**
 * Changes that one policy let through, for its rate limits. An entry stays until it is an hour old, whatever becomes of
 * the intent: taking an intent away and making it again refunds nothing, because the new one has another id.
 *
 * As text an entry is 31 characters, so 5,000 targets with one change each are 155,000 bytes, and the bound on the
 * number of entries is one of 310,000 bytes. A ledger that is full lets nothing through until its oldest entry leaves.
 */
export interface Ledger {
  /** By time, then by the rest; no two are equal. */
  readonly entries: readonly Entry[];
}

interface Entry {
  /** Seconds since 1970, rounded up so that the hour is never cut short. */
  readonly at: number;
  /** Hashes. Two names with the same one would count together, which is the strict mistake. */
  readonly namespace: string;
  readonly target: string;
  readonly id: string;
}

/** A change that wants to be counted. */
export interface Claim {
  readonly namespace: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** The same change claims under the same id, after a restart too, and then counts once. */
  readonly id: string;
}

export const MAX_ENTRIES = 10_000;
export const EMPTY_LEDGER: Ledger = Object.freeze({ entries: Object.freeze([]) });

const HOUR_S = 3600;
const WIDTHS = { at: 7, namespace: 6, target: 8, id: 10 } as const;
const ENTRY_WIDTH = WIDTHS.at + WIDTHS.namespace + WIDTHS.target + WIDTHS.id;

/**
 * The ledger with the claim in it, or the moment at which there may be room for it. A claim that is in it already is
 * granted again without counting twice. What is older than an hour is gone from the result.
 */
export function reserve(
  ledger: Ledger,
  limits: RateLimits,
  claim: Claim,
  now: Date,
): { readonly ledger: Ledger } | { readonly fullUntil: Date } {
  const fullUntil = fullUntilOf(ledger, limits, claim, now);
  if (fullUntil !== undefined) return { fullUntil };
  const { entries } = expire(ledger, now);
  const entry = entryOf(claim, secondsOf(now));
  if (entries.some((other) => isSame(other, entry))) return { ledger: { entries } };
  return { ledger: { entries: inserted(entries, entry) } };
}

/** When there may be room for the claim; undefined where there is now, or where it is in the ledger already. */
export function fullUntilOf(ledger: Ledger, limits: RateLimits, claim: Claim, now: Date): Date | undefined {
  const wanted = entryOf(claim, 0);
  const here: number[] = [];
  const same: number[] = [];
  const all: number[] = [];
  for (const entry of ledger.entries) {
    const at = timeOf(entry, now);
    if (isOver(at, now)) continue;
    if (isSame(entry, wanted)) return undefined;
    all.push(at);
    if (entry.namespace !== wanted.namespace) continue;
    here.push(at);
    if (entry.target === wanted.target) same.push(at);
  }
  const free = [
    freeAt(same, limits.perTargetPerHour),
    freeAt(here, limits.perNamespacePerHour),
    freeAt(all, MAX_ENTRIES),
  ].filter((at) => at !== undefined);
  return free.length === 0 ? undefined : new Date(Math.max(...free) * 1000);
}

/** Without what is an hour old. A time ahead of the clock, left by a clock that was wrong, becomes now. */
export function expire({ entries }: Ledger, now: Date): Ledger {
  const left = entries.slice(entries.findIndex(({ at }) => !isOver(at, now)));
  const last = entries.at(-1);
  if (last === undefined || isOver(last.at, now)) return EMPTY_LEDGER;
  if (last.at <= secondsOf(now)) return { entries: left };
  return sorted(left.map((entry) => ({ ...entry, at: timeOf(entry, now) })));
}

/**
 * What two replicas counted, together. Commutative, associative, idempotent. Beyond the bound the oldest entries go:
 * until the oldest of the rest is an hour old nothing is let through, and by then those are older.
 */
export function mergeLedgers(one: Ledger, other: Ledger): Ledger {
  return sorted([...one.entries, ...other.entries]);
}

/** The ledger as text for a status; equal ledgers give equal text. */
export function ledgerText({ entries }: Ledger): string {
  return entries.map(textOf).join('');
}

/** The ledger of such a text; undefined for any other text. */
export function ledgerOf(text: string): Ledger | undefined {
  if (text.length % ENTRY_WIDTH !== 0) return undefined;
  const entries: Entry[] = [];
  for (let i = 0; i < text.length; i += ENTRY_WIDTH) {
    const entry = parsed(text.slice(i, i + ENTRY_WIDTH));
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return sorted(entries);
}

const ENTRY = new RegExp(
  `^([0-9a-z]{${WIDTHS.at}})([\\w-]{${WIDTHS.namespace}})([\\w-]{${WIDTHS.target}})([\\w-]{${WIDTHS.id}})$`,
);

function parsed(text: string): Entry | undefined {
  const [, at, namespace, target, id] = ENTRY.exec(text) ?? [];
  if (at === undefined || namespace === undefined || target === undefined || id === undefined) return undefined;
  return { at: Number.parseInt(at, 36), namespace, target, id };
}

function entryOf({ namespace, apiVersion, kind, name, id }: Claim, at: number): Entry {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return {
    at,
    namespace: hash([namespace], WIDTHS.namespace),
    target: hash([namespace, group, kind, name], WIDTHS.target),
    id: hash([id], WIDTHS.id),
  };
}

function hash(parts: readonly string[], width: number): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, width);
}

const secondsOf = (date: Date): number => Math.ceil(date.getTime() / 1000);
const timeOf = ({ at }: Entry, now: Date): number => Math.min(at, secondsOf(now));
const isOver = (at: number, now: Date): boolean => (at + HOUR_S) * 1000 <= now.getTime();

/** The second at which so many of the times (in order) are over that there is room for one more under the limit. */
function freeAt(times: readonly number[], limit: number | undefined): number | undefined {
  if (limit === undefined || times.length < limit) return undefined;
  return (times[times.length - limit] ?? 0) + HOUR_S;
}

function isSame(one: Entry, other: Entry): boolean {
  return one.target === other.target && one.id === other.id && one.namespace === other.namespace;
}

function textOf({ at, namespace, target, id }: Entry): string {
  return at.toString(36).padStart(WIDTHS.at, '0') + namespace + target + id;
}

/** Entries in order with one more, which is as young as the youngest of them or younger. */
function inserted(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  const place = entries.findLastIndex((other) => other.at < entry.at || textOf(other) < textOf(entry)) + 1;
  return [...entries.slice(0, place), entry, ...entries.slice(place)];
}

/** In order, without repetitions, within the bound. */
function sorted(entries: readonly Entry[]): Ledger {
  const byText = new Map(entries.map((entry) => [textOf(entry), entry]));
  const ordered = [...byText].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
  return { entries: ordered.slice(-MAX_ENTRIES) };
}
