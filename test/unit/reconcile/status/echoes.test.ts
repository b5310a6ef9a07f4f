import { expect, test } from 'vitest';
import { StatusEchoes } from '../../../../src/reconcile/status/echoes.ts';

const status = (message: string) => ({
  observedGeneration: 1,
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'PackageWritten',
      message,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    } as const,
  ],
});

test('only the status that is being written is an echo, and only until its answer came', () => {
  const echoes = new StatusEchoes();
  expect(echoes.isEcho('shop/web', status('a'))).toBe(false);
  echoes.begin('shop/web', status('a'));
  expect(echoes.isEcho('shop/web', status('a'))).toBe(true);
  expect(echoes.isEcho('shop/web', status('b'))).toBe(false);
  expect(echoes.isEcho('shop/web', undefined)).toBe(false);
  expect(echoes.isEcho('shop/api', status('a'))).toBe(false);
  echoes.end('shop/web');
  expect(echoes.isEcho('shop/web', status('a'))).toBe(false);
});
