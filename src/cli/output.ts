import { Option } from 'commander';
import { dump } from 'js-yaml';
import { isPrintable, printable, printableJson } from '../platform/escape.ts';
import type { Io } from './io.ts';

export type Format = 'text' | 'json' | 'yaml';

/** `-o`, with the first format as the default. */
export function outputOption(formats: readonly Format[] = ['text', 'json', 'yaml']): Option {
  return new Option('-o, --output <format>', 'how to print').choices(formats).default(formats[0]);
}

/**
 * The value as a document of the format. What could steer a terminal is escaped. YAML shows some such characters as they
 * are, so a value that holds one is printed as JSON, which is YAML too.
 */
export function printData(io: Io, format: 'json' | 'yaml', value: unknown): void {
  // JSON has line breaks between its tokens and never within them.
  const json = `${JSON.stringify(value, null, 2).split('\n').map(printableJson).join('\n')}\n`;
  if (format === 'json') return void io.stdout.write(json);
  const yaml = dump(plainOf(value), { lineWidth: -1, noRefs: true });
  io.stdout.write(isPrintable(yaml) ? yaml : json);
}

// YAML has no notion of an absent member; JSON drops it.
const plainOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Paint = (style: keyof typeof CODES, text: string) => string;

/** Colours a text where colours are wanted. */
export function painter(io: Io): Paint {
  return (style, text) => (io.color && text !== '' ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
}

/** Columns aligned as kubectl does it: three blanks between them, none at the end of a line. Cells are made safe to print. */
export function table(rows: readonly (readonly string[])[]): string {
  const safe = rows.map((row) => row.map(printable));
  const widths = safe.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('   ')
      .trimEnd();
  return safe.map((row) => `${line(row)}\n`).join('');
}

/** Age in the words of kubectl: `42s`, `5m12s`, `3h`, `12d`. Source: k8s.io/apimachinery duration.HumanDuration, shortened. */
export function age(since: string | undefined, now: Date): string {
  const at = since === undefined ? Number.NaN : Date.parse(since);
  return Number.isNaN(at) ? '<unknown>' : timeSpan(now.getTime() - at);
}

/** A length of time in the same words. */
export function timeSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
