import { expect, test } from 'vitest';
import { newTraces } from '../../../../tools/node/traces.ts';

test('what was there before is no new trace, whether it stays or goes', () => {
  const before = ['folder /run/netns', 'sysctl kernel.panic = 0'];
  expect(newTraces(before, ['sysctl kernel.panic = 0'])).toEqual([]);
});

test('a changed setting of the kernel is a new trace', () => {
  const before = ['sysctl kernel.panic = 0'];
  expect(newTraces(before, ['sysctl kernel.panic = 10'])).toEqual(['sysctl kernel.panic = 10']);
});
