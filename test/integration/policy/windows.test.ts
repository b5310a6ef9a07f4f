import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PatchIntent } from '../../../src/api/types.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { scale } from '../../support/operator-scenes.ts';
import { type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import {
  conditionOf,
  inNamespace,
  look,
  makePolicy,
  messageOf,
  must,
  policyReady,
  said,
  told,
} from '../../support/safety-scenes.ts';

// Windows that open and close while intents wait. They begin and end with minutes, so the clock of the operator is put near one.

const PRELOAD = new URL('../../support/ha/preload.ts', import.meta.url).href;
const MINUTE_MS = 60_000;
/** So long before a minute ends is it after the start: enough for what is to happen within it. */
const LEFT_MS = 20_000;

let world: OperatorWorld;
let skewMs: number;
beforeAll(async () => {
  world = await operatorWorld();
  skewMs = MINUTE_MS - LEFT_MS - (Date.now() % MINUTE_MS);
  const env = { HA_CLOCK_SKEW_MS: String(skewMs) };
  await world.start({ flags: [...PATIENT_LEASE, '--approval-guard=false'], nodeFlags: ['--import', PRELOAD], env });
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const now = (): number => Date.now() + skewMs;

/** The end of a minute of the operator`s clock, far enough ahead. */
async function edge(leftMs = 8_000): Promise<Date> {
  const left = MINUTE_MS - (now() % MINUTE_MS);
  if (left < leftMs) await new Promise((resolve) => setTimeout(resolve, left + 10));
  return new Date(Math.ceil(now() / MINUTE_MS) * MINUTE_MS);
}

/** Cron for a minute of this hour. */
const at = (moment: Date, plusMinutes = 0): string => {
  const begin = new Date(moment.getTime() + plusMinutes * MINUTE_MS);
  return `${begin.getUTCMinutes()} ${begin.getUTCHours()} * * *`;
};
const head = (kind: string, name: string) => ({ apiVersion: 'patchgen.dev/v1alpha1', kind, metadata: { name } });
const inWords = (moment: Date): string => moment.toISOString().replace('.000Z', 'Z');

const outside = (key: string, ...words: readonly string[]): Promise<PatchIntent> =>
  world.until(
    key,
    `waits: ${words.join(', ')}`,
    (it) => readyWords(it) === 'False OutsideWindow' && words.every((word) => messageOf(it).includes(word)),
  );

test('windows that open and close while intents wait: each goes ahead by itself when it may, and not before', async () => {
  for (const name of ['opens', 'ends', 'closes', 'late']) await world.namespace(name);
  const moment = await edge();
  const window = (name: string, effect: 'Allow' | 'Deny', plusMinutes: number): Promise<void> =>
    makePolicy(world, name, {
      match: inNamespace(name),
      windows: [{ effect, schedule: at(moment, plusMinutes), duration: '5m' }],
    });
  await window('opens', 'Allow', 0);
  await window('ends', 'Deny', -5);
  await window('closes', 'Allow', -5);
  await makePolicy(world, 'late', {
    match: inNamespace('late'),
    windows: [{ effect: 'Allow', schedule: at(moment, -5), duration: '5m' }],
    approval: { mode: 'Always', author: 'Allow' },
  });
  for (const name of ['opens', 'ends', 'closes', 'late']) await policyReady(world, name);

  for (const name of ['opens', 'ends', 'closes']) await world.apply(`${name}/before`, scale('before', 5));
  const closed = await outside('opens/before', 'policy opens, windows: within no Allow window', inWords(moment));
  expect(conditionOf(closed, 'Stalled')).toBeUndefined();
  await outside('ends/before', `policy ends, windows: within Deny "${at(moment, -5)}" for 5m (UTC)`, inWords(moment));
  await world.ready('closes/before');
  await world.apply('late/before', scale('before', 5));
  const awaiting = await told(world, 'late/before', 'False AwaitingApproval');
  // A look in between lets nobody through.
  for (const name of ['opens', 'ends']) await look(world, `${name}/before`);

  for (const name of ['opens', 'ends']) {
    const ready = await world.ready(`${name}/before`);
    const since = Date.parse(conditionOf(ready, 'Ready')?.lastTransitionTime ?? '');
    expect(since).toBeGreaterThanOrEqual(moment.getTime());
    expect(new Set(await said(world, `${name}/before`))).toEqual(
      new Set(['False OutsideWindow', 'True PackageWritten']),
    );
  }
  // What was let through while it was open stays; what comes now waits for tomorrow.
  await world.apply('closes/after', scale('after', 5));
  const tomorrow = new Date(moment.getTime() - 5 * MINUTE_MS + 24 * 60 * MINUTE_MS);
  await outside('closes/after', 'within no Allow window', inWords(tomorrow));
  expect(readyWords(await look(world, 'closes/before'))).toBe('True PackageWritten');
  // Who is asked in time and agrees too late has agreed for tomorrow.
  const planDigest = awaiting.status?.plan?.planDigest;
  const approval = { intent: 'before', planDigest, decision: 'Approve', approver: 'somebody' };
  const path = '/apis/patchgen.dev/v1alpha1/namespaces/late/patchapprovals';
  await must(world, 'POST', path, { ...head('PatchApproval', 'late'), spec: approval });
  const late = await outside('late/before', 'policy late, windows: within no Allow window', inWords(tomorrow));
  expect(conditionOf(late, 'Approved')?.message).toContain('approved by somebody');
  expect(late.status?.package).toBeUndefined();
});
