import { describe, expect, test } from 'vitest';
import { SharedAnswers } from '../../../../src/reconcile/plan/shared-answers.ts';
import { TargetMemory } from '../../../../src/reconcile/plan/target-memory.ts';
import { ManualClock } from '../../../support/clock.ts';

const signal = new AbortController().signal;
const version = { uid: 'u', resourceVersion: '1' };

describe('the memory of targets', () => {
  test('gives back what was remembered of this very version, and of no other', () => {
    const memory = new TargetMemory(10);
    const owner = { tool: 'Helm', kind: 'Release', name: 'web', from: 'annotation' } as const;
    const remembered = { generation: 2, labels: { app: 'web', __proto__x: 'y' }, owner };
    memory.set('a', version, remembered);
    expect(memory.get('a', version)).toEqual(remembered);
    expect(memory.get('a', { ...version, resourceVersion: '2' })).toBeUndefined();
    expect(memory.get('a', { ...version, uid: 'v' })).toBeUndefined();
    expect(memory.get('b', version)).toBeUndefined();
  });

  test('is bounded, and forgets first what nobody asked for longest', () => {
    const memory = new TargetMemory(3);
    for (const key of ['a', 'b', 'c']) memory.set(key, version, { labels: {} });
    memory.get('a', version);
    memory.set('d', version, { labels: {} });
    const known = ['a', 'b', 'c', 'd'].filter((key) => memory.get(key, version) !== undefined);
    expect(known).toEqual(['a', 'c', 'd']);
  });
});

describe('shared answers', () => {
  test('are bounded, and the one asked for longest ago goes first', async () => {
    const answers = new SharedAnswers<number>(new ManualClock(), 2);
    let asked = 0;
    const get = (key: string) => answers.get(key, 1000, async () => ++asked, signal);
    await get('a');
    await get('b');
    await get('a');
    await get('c');
    expect(asked).toBe(3);
    await get('a');
    expect(asked).toBe(3);
    await get('b');
    expect(asked).toBe(4);
  });

  test('are as old as their caller allows, from the moment at which they came', async () => {
    const clock = new ManualClock();
    const answers = new SharedAnswers<number>(clock, 2);
    let asked = 0;
    const get = (maxAgeMs: number) => answers.get('a', maxAgeMs, async () => ++asked, signal);
    expect(await get(1000)).toBe(1);
    await clock.advance(500);
    expect(await get(501)).toBe(1);
    expect(await get(500)).toBe(2);
  });

  test('reject at once for one whose signal is aborted already', async () => {
    const answers = new SharedAnswers<number>(new ManualClock(), 2);
    const pending = answers.get('a', 1000, () => new Promise(() => {}), AbortSignal.abort(new Error('over')));
    await expect(pending).rejects.toThrow('over');
  });
});
