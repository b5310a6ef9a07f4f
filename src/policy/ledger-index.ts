import type { Claim, Entry } from './ledger-entry.ts';

/** Where the entries of a ledger are, so that an intent that asks many policies does not read all that they counted. */
interface Index {
  /** The hash of a target has its namespace in it. */
  readonly byTarget: Map<string, Entry[]>;
  readonly byNamespace: Map<string, number>;
}

/** Made when first asked for, and never part of a ledger: it says nothing that the entries don't. */
const INDEXES = new WeakMap<readonly Entry[], Index>();

/** The entries of the target of a claim, in order. */
export function changesOf(entries: readonly Entry[], { target }: Claim): readonly Entry[] {
  return indexOf(entries).byTarget.get(target) ?? [];
}

/** How many entries there are of the namespace of a claim. */
export function usedIn(entries: readonly Entry[], { namespace }: Claim): number {
  return indexOf(entries).byNamespace.get(namespace) ?? 0;
}

/** Hands the index of some entries on to the same entries with one more, the youngest: that saves making it anew. */
export function moveIndex(from: readonly Entry[], to: readonly Entry[], entry: Entry): void {
  const index = INDEXES.get(from);
  if (index === undefined) return;
  INDEXES.delete(from);
  note(index, entry);
  INDEXES.set(to, index);
}

function indexOf(entries: readonly Entry[]): Index {
  const known = INDEXES.get(entries);
  if (known !== undefined) return known;
  const index: Index = { byTarget: new Map(), byNamespace: new Map() };
  for (const entry of entries) note(index, entry);
  INDEXES.set(entries, index);
  return index;
}

function note({ byTarget, byNamespace }: Index, entry: Entry): void {
  const changes = byTarget.get(entry.target);
  if (changes === undefined) byTarget.set(entry.target, [entry]);
  else changes.push(entry);
  byNamespace.set(entry.namespace, (byNamespace.get(entry.namespace) ?? 0) + 1);
}
