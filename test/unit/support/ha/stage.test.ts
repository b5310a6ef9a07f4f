import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Replica } from '../../../support/ha/replica.ts';
import { Disturbed, Stage, type StageOptions } from '../../../support/ha/stage.ts';

// A scene is played once more only where a leader lost its Lease; whatever else ends an operator is a failure of it.

let stage: Stage;
beforeEach(() => {
  stage = new Stage({ name: 'stage', replicas: 0 } as StageOptions);
});
afterEach(() => stage.close());

function ended(exitCode: number | null, signalCode: string | null = null): Replica {
  const process = {
    child: { exitCode, signalCode },
    log: [],
    signal: () => undefined,
    exited: Promise.resolve(exitCode),
  };
  const replica = { address: '127.1.0.1', endedAt: 1, process, gate: { close: async () => undefined } };
  stage.all.push(replica as unknown as Replica);
  return replica as unknown as Replica;
}

test('a replica that lost its Lease disturbs the scene', () => {
  ended(64);
  expect(() => stage.assertUndisturbed()).toThrow(Disturbed);
});

test.each([
  [0, null],
  [1, null],
  [2, null],
  [null, 'SIGSEGV'],
])(
  'a replica that ended with %s %s fails the scene, also beside one that lost its Lease, and no other takes its place',
  async (code, signal) => {
    ended(64);
    ended(code, signal);
    const failure = expect.objectContaining({ message: `127.1.0.1 ended with ${code ?? signal}: []` });
    expect(() => stage.assertUndisturbed()).toThrow(failure);
    expect(() => stage.assertUndisturbed()).not.toThrow(Disturbed);
    await expect(stage.fill()).rejects.toEqual(failure);
  },
);

test('a replica that was to end may end in any way', () => {
  stage.excuse(ended(null, 'SIGKILL'));
  expect(() => stage.assertUndisturbed()).not.toThrow();
});

test('a fault is undone once, at the latest before the next scene', async () => {
  const undone: number[] = [];
  stage.toUndo(() => void undone.push(1));
  ended(1);
  await expect(stage.fill()).rejects.toThrow();
  stage.undo();
  expect(undone).toEqual([1]);
});
