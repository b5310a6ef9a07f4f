/** Lines around a change, as `diff -u` shows them. */
const CONTEXT = 3;

/**
 * What `diff -u` prints for two texts whose differences lie close together: one hunk from the first line that differs to the
 * last. Each text ends with a line end. Empty where they are equal.
 */
export function unifiedDiff(before: string, after: string, names: { readonly before: string; readonly after: string }) {
  const [old, young] = [linesOf(before), linesOf(after)];
  const head = common(old, young);
  if (head === old.length && head === young.length) return '';
  const tail = Math.min(common(old.toReversed(), young.toReversed()), old.length - head, young.length - head);
  const from = Math.max(0, head - CONTEXT);
  const shown = Math.min(tail, CONTEXT);
  const [oldEnd, youngEnd] = [old.length - tail, young.length - tail];
  const lines = [
    `--- ${names.before}`,
    `+++ ${names.after}`,
    `@@ -${range(from, oldEnd + shown)} +${range(from, youngEnd + shown)} @@`,
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...old.slice(head, oldEnd).map((line) => `-${line}`),
    ...young.slice(head, youngEnd).map((line) => `+${line}`),
    ...old.slice(oldEnd, oldEnd + shown).map((line) => ` ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

const linesOf = (text: string): readonly string[] => text.split('\n').slice(0, -1);

/** How many lines are equal from the beginning. */
function common(one: readonly string[], other: readonly string[]): number {
  let count = 0;
  while (count < one.length && count < other.length && one[count] === other[count]) count++;
  return count;
}

/** Lines count from 1; a single line stands without its count. */
function range(from: number, to: number): string {
  const count = to - from;
  if (count === 0) return `${from},0`;
  return count === 1 ? `${from + 1}` : `${from + 1},${count}`;
}
