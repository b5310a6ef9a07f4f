import { printable } from '../platform/escape.ts';
import type { Paint } from './output.ts';

/** A diff in the form of `diff -u`, coloured where colours are wanted, each line indented. Safe to print. */
export function diffView(diff: string, paint: Paint, indent = '  '): string {
  const lines = diff.replace(/\n$/, '').split('\n');
  return lines.map((line) => `${indent}${coloured(line, paint)}\n`).join('');
}

function coloured(line: string, paint: Paint): string {
  const text = printable(line);
  if (/^(---|\+\+\+) /.test(line)) return paint('bold', text);
  if (line.startsWith('@@')) return paint('cyan', text);
  if (line.startsWith('-')) return paint('red', text);
  return line.startsWith('+') ? paint('green', text) : text;
}
