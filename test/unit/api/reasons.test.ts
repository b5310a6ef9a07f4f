import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REASONS } from '../../../src/api/reasons.ts';
import { reasonsPage } from '../../../tools/generate/reasons-page.ts';

const PAGE = readFileSync(new URL('../../../docs/reasons.md', import.meta.url), 'utf8');

test('docs/reasons.md is what the reason table says', () => {
  expect(PAGE).toBe(reasonsPage());
});

test('every reason is a heading of docs/reasons.md, once, and there are no others', () => {
  const headings = PAGE.split('\n').flatMap((line) => (line.startsWith('## ') ? [line.slice(3)] : []));
  expect(headings).toEqual(Object.keys(REASONS).sort());
});

test('every reason is one word that a condition may carry', () => {
  for (const reason of Object.keys(REASONS)) expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
});
