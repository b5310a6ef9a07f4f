type HeaderValue = string | string[] | undefined;

/**
 * Milliseconds that a `Retry-After` header asks for, in its form of seconds or of a date (RFC 9110, 10.2.3).
 * Undefined for an absent or unreadable one; a date in the past is 0.
 */
export function retryAfterMs(value: HeaderValue, now: Date): number | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Only the date forms of HTTP begin with the name of a day; Date.parse alone would take '-5' or '2.5' for a date.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

/** Texts of `Warning: 299 - "text"` headers, of which one header line may carry several (RFC 7234, 5.5). */
export function warningTexts(value: HeaderValue): readonly string[] {
  if (value === undefined) return [];
  const texts: string[] = [];
  for (const line of Array.isArray(value) ? value : [value]) {
    for (const match of line.matchAll(/299 [^\s"]+ "((?:[^"\\]|\\.)*)"/g)) {
      texts.push((match[1] ?? '').replace(/\\(.)/g, '$1'));
    }
  }
  return texts;
}
