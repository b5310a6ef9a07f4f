import { expect, test } from 'vitest';
import { askedByName } from '../../../../src/cli/plan/answers.ts';
import { ApiError, ConnectionError, type KubeClient } from '../../../../src/platform/kubernetes/client.ts';

const answering = (answer: () => unknown): KubeClient => ({
  request: async <T>() => ({ status: 200, body: answer() as T, warnings: [] }),
  watch: async function* () {},
  close: async () => {},
});

const throwing = (error: Error) =>
  answering(() => {
    throw error;
  });

const stored = (spec: unknown) =>
  answering(() => ({
    metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 1 },
    spec,
  }));

test('an intent of the cluster is planned by its spec', async () => {
  const { entries } = await askedByName(stored({ intentType: 'scaling', target: 'web', replicas: 5 }), 'shop', 'web');
  expect(entries).toMatchObject([{ title: 'shop/web', key: 'shop/web', stored: 'same', spec: { replicas: 5 } }]);
});

test.each([
  ['a spec that is not valid', stored({ intentType: 'restart' }), /spec is not valid: see patchgen status shop\/web/],
  ['a spec that is none', stored(undefined), /spec is not valid/],
  ['a missing right', throwing(new ApiError(403, 'Forbidden', 'you may not get it')), /you may not get it/],
  ['no connection', throwing(new ConnectionError('no route')), /no route/],
] as const)('%s is why it is not planned', async (_, client, words) => {
  const { entries } = await askedByName(client, 'shop', 'web');
  expect(entries).toEqual([
    { title: 'shop/web', namespace: 'shop', name: 'web', message: expect.stringMatching(words) },
  ]);
});
