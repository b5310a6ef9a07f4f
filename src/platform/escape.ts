// What could move a cursor, end a line, hide text or swap its order where a person or a log reader looks at it:
// C0 and C1 controls and DEL; soft hyphen; zero width characters, line and paragraph separators; bidirectional controls
// (CVE-2021-42574); variation of invisible format characters, tags, interlinear marks, BOM; lone surrogates.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- these are the characters that we look for.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text with everything that is invisible or steers a terminal written as an escape (`\n`, `\u001b`), so
 * that it takes exactly one line and cannot forge another. Printable text, of any script, stays as it is; a backslash
 * stays single, so the result is for eyes and not for parsing back.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escapeOne);
}

/** Whether a text of several lines holds nothing unsafe but its line breaks. */
export function isPrintable(text: string): boolean {
  return text.replaceAll('\n', '').search(UNSAFE) === -1;
}

function escapeOne(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}

/** JSON text with the same characters written as JSON escapes: the value it stands for stays the same, and it takes one line. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
