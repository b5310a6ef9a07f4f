import { createHash } from 'node:crypto';

/** One change that was let through. */
export interface Entry {
  /** Seconds since 1970, rounded up so that the hour is never cut short. */
  readonly at: number;
  /** Hashes. Two names with the same one would count together, which is the strict mistake. */
  readonly namespace: string;
  readonly target: string;
  readonly id: string;
}

/** A change that wants to be counted: what an entry has, but the time. */
export type Claim = Omit<Entry, 'at'>;

export interface ClaimedChange {
  readonly namespace: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** The same change claims under the same id, after a restart too, and then counts once. */
  readonly id: string;
}

/** The claim of a change, whatever the version of the API under which its target is named. */
export function claimOf({ namespace, apiVersion, kind, name, id }: ClaimedChange): Claim {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return {
    namespace: hash([namespace], WIDTHS.namespace),
    target: hash([namespace, group, kind, name], WIDTHS.target),
    id: hash([id], WIDTHS.id),
  };
}

const WIDTHS = { at: 7, namespace: 6, target: 8, id: 10 } as const;
/** How many characters the text of an entry has. */
export const ENTRY_WIDTH = WIDTHS.at + WIDTHS.namespace + WIDTHS.target + WIDTHS.id;

const ENTRY = new RegExp(
  `^([0-9a-z]{${WIDTHS.at}})([\\w-]{${WIDTHS.namespace}})([\\w-]{${WIDTHS.target}})([\\w-]{${WIDTHS.id}})$`,
);

/** The entry of such a text; undefined for any other. */
export function entryOf(text: string): Entry | undefined {
  const [, at, namespace, target, id] = ENTRY.exec(text) ?? [];
  if (at === undefined || namespace === undefined || target === undefined || id === undefined) return undefined;
  return { at: Number.parseInt(at, 36), namespace, target, id };
}

/** An entry as text of always the same length, in the order of time. */
export function textOf({ at, namespace, target, id }: Entry): string {
  return timeText(at) + namespace + target + id;
}

/** The texts of entries in order, one after the other. */
export function textOfAll(entries: readonly Entry[]): string {
  let last = { at: -1, text: '' };
  const texts = entries.map(({ at, namespace, target, id }) => {
    // Many have the same time, and its text is the dear part.
    if (at !== last.at) last = { at, text: timeText(at) };
    return last.text + namespace + target + id;
  });
  return texts.join('');
}

/** The order of the texts, without making them. */
export function isBefore(one: Entry, other: Entry): boolean {
  if (one.at !== other.at) return one.at < other.at;
  if (one.namespace !== other.namespace) return one.namespace < other.namespace;
  return one.target === other.target ? one.id < other.id : one.target < other.target;
}

const timeText = (at: number): string => at.toString(36).padStart(WIDTHS.at, '0');

function hash(parts: readonly string[], width: number): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, width);
}
