import { printable } from './escape.ts';

const COLOR: Readonly<Record<string, string>> = {
  debug: '\u001b[2m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
};
const DIM = '\u001b[2m';
const PLAIN = '\u001b[0m';

/** One JSON log line as a person wants to read it: `12:03:04.123 INFO  package published intent=shop/web`. */
export function humanLine(json: string, color: boolean): string {
  const { time, level, msg, err, error, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const paint = (code: string | undefined, text: string): string => (color && code ? `${code}${text}${PLAIN}` : text);
  const word = String(level);
  const pairs = Object.entries(fields).map(([key, value]) => `${printable(key)}=${shown(value)}`);
  const head = [
    paint(DIM, String(time).slice(11, 23)),
    paint(COLOR[word], word.toUpperCase().padEnd(5)),
    printable(asText(msg ?? '')),
    ...(pairs.length > 0 ? [paint(DIM, pairs.join(' '))] : []),
  ];
  return [head.join(' '), ...errorLines(err ?? error)].map((line) => `${line}\n`).join('');
}

function shown(value: unknown): string {
  if (typeof value !== 'string') return printable(JSON.stringify(value));
  return /^[\w./:@%+-]+$/.test(value) ? value : printable(JSON.stringify(value));
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

function errorLines(thrown: unknown, lead = '  ', link = ''): string[] {
  if (thrown === undefined) return [];
  if (typeof thrown !== 'object' || thrown === null) return [`${lead}${link}${printable(asText(thrown))}`];
  const { type, message, reason, stack, cause } = thrown as Readonly<Record<string, unknown>>;
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return [
    `${lead}${link}${printable(`${asText(reason ?? type)}: ${asText(message)}`)}`,
    ...frames.slice(0, 8).map((line) => `${lead}  ${printable(line.trim())}`),
    ...errorLines(cause, `${lead}  `, 'caused by '),
  ];
}
