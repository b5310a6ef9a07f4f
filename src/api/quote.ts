/** Long enough to recognise a value by, short enough for a condition message with several. */
const MAX_QUOTED = 64;

// Controls, format characters (bidirectional overrides, zero width), lone surrogates, line separators: what could
// forge a log line or show a name other than it is.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Whether the text holds characters that a reader cannot see. */
export function hasInvisible(text: string): boolean {
  return text.search(INVISIBLE) !== -1;
}

/** A text in quotes for a message: cut to 64 code points, invisible characters as escapes. Never throws. */
export function quote(text: string): string {
  // Twice the units is enough for as many code points, and spares splitting a megabyte.
  const points = Array.from(text.slice(0, 2 * MAX_QUOTED + 1));
  const cut = points.length > MAX_QUOTED;
  const shown = cut ? points.slice(0, MAX_QUOTED).join('') : text;
  const json = JSON.stringify(shown).replace(INVISIBLE, (character) =>
    Array.from(character, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
  return cut ? `${json.slice(0, -1)}…"` : json;
}

/** Any JSON value for a message, without walking into it: `the string "5"`, `the number 5`, `null`, `a list`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the string ${quote(value)}`;
    case 'number':
    case 'bigint':
      return `the number ${value}`;
    case 'boolean':
      return `${value}`;
    default:
      return 'an object';
  }
}
