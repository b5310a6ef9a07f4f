/** A place in a text that a person can go to: both count from 1, columns in UTF-16 units as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The part of a line that shows a place, raw: whoever prints it escapes it. */
export interface Excerpt {
  readonly text: string;
  /** Index into `text` of the first character to mark. */
  readonly start: number;
  /** How many characters to mark, at least 1 (one past the end of `text` where something is missing). */
  readonly length: number;
}

/** A text with a name, that can say where an offset is. */
export interface Source {
  readonly name: string;
  readonly text: string;
  position(offset: number): Position;
  excerpt(offset: number, end: number): Excerpt;
}

// A line may be a megabyte long; what is shown of it is not.
const BEFORE = 60;
const AFTER = 60;

export function sourceOf(name: string, text: string): Source {
  let starts: readonly number[] | undefined;
  const lineStarts = (): readonly number[] => (starts ??= startsOfLines(text));
  return {
    name,
    text,
    position(offset) {
      const line = lineIndex(lineStarts(), offset);
      const start = lineStarts()[line] ?? 0;
      return { line: line + 1, column: offset - start + 1 };
    },
    excerpt(offset, end) {
      const line = lineIndex(lineStarts(), offset);
      const start = lineStarts()[line] ?? 0;
      const next = lineStarts()[line + 1];
      let stop = next === undefined ? text.length : next - 1;
      if (stop > start && text[stop - 1] === '\r') stop -= 1;
      const from = Math.max(start, offset - BEFORE);
      const to = Math.min(stop, Math.max(offset, Math.min(end, offset + AFTER)) + AFTER);
      const at = Math.min(offset, to);
      return { text: text.slice(from, to), start: at - from, length: Math.max(1, Math.min(end, to) - at) };
    },
  };
}

function startsOfLines(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineIndex(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
