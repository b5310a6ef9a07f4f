import type { PlacedFinding } from '../api/read/documents.ts';
import type { Excerpt } from '../api/read/source.ts';
import { describeFindings } from '../api/validate.ts';
import type { InvalidIntent, LoadedIntent } from '../api/wire/load.ts';
import { printable } from '../platform/escape.ts';
import type { Paint } from './output.ts';

/** `shop/web-5`, or the place for a document without a name. Safe to print. */
export function titleOf({ name, source, line }: LoadedIntent): string {
  const place = `${printable(source)}:${line}`;
  return name === undefined ? place : `${place} (${printable(name)})`;
}

/** Everything that is wrong with a document, the way a compiler says it. */
export function describeInvalid(intent: InvalidIntent, paint: Paint): string {
  const count = intent.findings.length;
  const summary = intent.read
    ? `${titleOf(intent)}: ${paint('red', 'schema validation failed')}: ${count} ${count === 1 ? 'finding' : 'findings'}\n`
    : '';
  return summary + intent.findings.map((found) => describeFinding(found, 'red', paint)).join('');
}

/**
 * `intent.yaml:4:11: replicas out of range: … [out-of-range] (/replicas)`, then the line with carets under the offending
 * text.
 */
export function describeFinding(found: PlacedFinding, style: 'red' | 'yellow', paint: Paint): string {
  const { source, line, column, code, pointer, message } = found;
  const place = paint('bold', `${printable(source)}:${line}:${column}:`);
  const where = pointer === '' ? '' : paint('dim', ` (${printable(pointer)})`);
  return `${place} ${printable(message)} ${paint('dim', `[${code}]`)}${where}\n${describeExcerpt(found.excerpt, style, paint)}`;
}

function describeExcerpt({ text, start, length }: Excerpt, style: 'red' | 'yellow', paint: Paint): string {
  if (text.trim() === '') return '';
  // What escaping makes longer moves the carets along.
  const before = printable(text.slice(0, start));
  const marked = printable(text.slice(start, start + length));
  const rest = printable(text.slice(start + length));
  const carets = '^'.repeat(Math.max(1, marked.length));
  return `    ${before}${marked}${rest}\n    ${' '.repeat(before.length)}${paint(style, carets)}\n`;
}

/** The same for programs. */
export function invalidData({ source: file, line, name, valid, findings, read }: InvalidIntent) {
  const message = read ? describeFindings(findings) : findings.map((found) => found.message).join('; ');
  return { file, line, name, valid, message, findings: findings.map(findingData) };
}

export function findingData({ code, pointer, message, line, column }: PlacedFinding) {
  return { code, pointer, message, line, column };
}
