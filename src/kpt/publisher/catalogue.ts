import { parseEntry } from './names.ts';

/**
 * What the writer remembers of its root between calls. Only a shortcut: links and files on disk decide.
 * About 400 bytes per package; no file contents.
 */
export interface Catalogue {
  /** Key text → store entry that this process last saw or put there. */
  readonly links: Map<string, string>;
  /** Digest → highest n ever seen of it. */
  readonly highest: Map<string, number>;
  /** Entry → stat fingerprint at its last full hash. */
  readonly fingerprints: Map<string, string>;
  /** Keys whose "already there" short cut is closed: a sync failed, so what is there may not last. */
  readonly closed: Set<string>;
  /** Entries whose directory sync failed: never linked again. */
  readonly suspect: Set<string>;
  /** Keys whose link a repair moved on behalf of another key: told at their next publication. */
  readonly restored: Set<string>;
  /** Leftover → monotonic milliseconds at which this writer first saw that nothing uses it. */
  readonly unusedSince: Map<string, number>;
}

export function emptyCatalogue(): Catalogue {
  return {
    links: new Map(),
    highest: new Map(),
    fingerprints: new Map(),
    closed: new Set(),
    suspect: new Set(),
    restored: new Set(),
    unusedSince: new Map(),
  };
}

/** Remembers that the store holds, or held, an entry. */
export function noteEntry(catalogue: Catalogue, name: string): void {
  const entry = parseEntry(name);
  if (entry === undefined) return;
  catalogue.highest.set(entry.digest, Math.max(entry.n, catalogue.highest.get(entry.digest) ?? 0));
}

/** Forgets an entry that was moved out of the store. Its number is not used again while this process runs. */
export function forgetEntry(catalogue: Catalogue, name: string): void {
  catalogue.fingerprints.delete(name);
  catalogue.suspect.delete(name);
  catalogue.unusedSince.delete(leftoverOfEntry(name));
}

/** Keys that, as far as is known, lead to the entry. */
export function usersOf(catalogue: Catalogue, entry: string): readonly string[] {
  const users: string[] = [];
  for (const [key, used] of catalogue.links) if (used === entry) users.push(key);
  return users;
}

/** The name of an entry among the leftovers of `unusedSince`. */
export function leftoverOfEntry(entry: string): string {
  return `store/${entry}`;
}
