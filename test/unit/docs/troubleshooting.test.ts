import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { READ_CODES } from '../../../src/api/read/fault.ts';

const text = readFileSync(new URL('../../../docs/troubleshooting.md', import.meta.url), 'utf8');
const sections = text.split(/^### /m).slice(1);

/** The words that users and their scripts look for. */
const PHRASES = [
  'invalid JSON',
  'schema validation failed',
  "intent_type must be 'scaling'",
  'replicas out of range',
  'target does not match pattern',
  'namespace too long',
  'path traversal detected',
  'output directory does not exist',
  'permission denied',
  'insufficient disk space',
  'failed to marshal',
];

test.each(PHRASES)('the phrase %s has a section with cause and fix', (phrase) => {
  const section = sections.find((one) => one.startsWith(`\`${phrase}\``));
  expect(section).toContain('**Cause.**');
  expect(section).toMatch(/\*\*Fix\.\*\*|\| fix \|/);
});

test.each([...READ_CODES])('the code %s is explained', (code) => {
  expect(text).toContain(`\`${code}\``);
});
