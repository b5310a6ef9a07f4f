/** Beyond this a name is no slip of the finger, and comparing costs more than it tells. */
const MAX_LENGTH = 40;
const MAX_EDITS = 2;

/** The known name that was probably meant, or undefined. Case, `_` and `-` do not count; else up to two edits. */
export function suggest(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = plain(name);
  const ranked = known
    .map((candidate) => ({ candidate, edits: distance(wanted, plain(candidate)) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  // Two edits turn a short word into any other.
  return best !== undefined && best.edits <= Math.min(MAX_EDITS, wanted.length / 3) ? best.candidate : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
