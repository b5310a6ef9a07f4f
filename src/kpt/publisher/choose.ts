import { entryName } from './names.ts';
import type { Site, Tenure } from './site.ts';
import { examineTree, fingerprintOf, type Verdict } from './verify.ts';

export interface Choice {
  /** The newest entry of the digest that is intact; undefined when the package must be written. */
  readonly entry: string | undefined;
  /** Entries of the digest that are not what their name says. */
  readonly altered: readonly string[];
}

/** Finds the entry of a digest to link, the present link's own entry first: most calls end there. */
export function chooseEntry(site: Site, tenure: Tenure, digest: string, present: string | undefined): Choice {
  const { catalogue } = tenure;
  const altered: string[] = [];
  for (const entry of candidates(tenure, digest, present)) {
    if (catalogue.suspect.has(entry)) continue;
    const verdict = judge(site, tenure, entry, digest);
    if (verdict === 'intact') return { entry, altered };
    if (verdict === 'altered') altered.push(entry);
  }
  return { entry: undefined, altered };
}

/** Compares the stat fingerprint with that of the last full hash, and hashes again where they differ. */
function judge(site: Site, { root, catalogue }: Tenure, entry: string, digest: string): Verdict {
  const known = catalogue.fingerprints.get(entry);
  if (known !== undefined && fingerprintOf(site.files, root.store, entry) === known) return 'intact';
  const { verdict, fingerprint } = examineTree(site.files, root.store, entry, digest);
  if (fingerprint === undefined) catalogue.fingerprints.delete(entry);
  else catalogue.fingerprints.set(entry, fingerprint);
  return verdict;
}

function* candidates({ catalogue }: Tenure, digest: string, present: string | undefined): Generator<string> {
  if (present !== undefined) yield present;
  for (let n = catalogue.highest.get(digest) ?? 0; n > 0; n -= 1) {
    const entry = entryName({ digest, n });
    if (entry !== present) yield entry;
  }
}
