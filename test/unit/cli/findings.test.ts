import { expect, test } from 'vitest';
import { describeFinding } from '../../../src/cli/findings.ts';

const plain = (_: string, text: string): string => text;

test('a finding takes two lines of its own, whatever its parts hold', () => {
  const evil = '\u001b[2J\r\n\u202e';
  const excerpt = { text: `a${evil}b`, start: 1, length: evil.length };
  const found = { source: evil, line: 1, column: 2, code: 'x', pointer: `/${evil}`, message: evil, excerpt };
  const [head, line, carets, rest] = describeFinding(found, 'red', plain).split('\n');
  const shown = '\\u001b[2J\\r\\n\\u202e';
  expect(head).toBe(`${shown}:1:2: ${shown} [x] (/${shown})`);
  expect(line).toBe(`    a${shown}b`);
  expect(carets).toBe(`     ${'^'.repeat(shown.length)}`);
  expect(rest).toBe('');
});
