/** `90s`, `1h30m`, `24h`: a Go duration of whole hours, minutes and seconds. No pattern that Go or CEL reads otherwise. */
export const DURATION_PATTERN = '^([0-9]{1,5}(h|m|s)){1,3}$';
/** Three parts of five digits and a unit. */
export const MAX_DURATION_LENGTH = 18;

const MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** Milliseconds of a duration that matches the pattern; undefined for any other text. */
export function durationMs(text: string): number | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  return parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (MS[unit] ?? 0), 0);
}
