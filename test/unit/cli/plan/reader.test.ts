import { expect, test } from 'vitest';
import { ClusterReader } from '../../../../src/cli/plan/reader.ts';
import { ApiError, type ApiRequest, type KubeClient } from '../../../../src/platform/kubernetes/client.ts';

function scripted(answer: (request: ApiRequest) => unknown): KubeClient & { readonly asked: ApiRequest[] } {
  const asked: ApiRequest[] = [];
  return {
    asked,
    async request<T>(request: ApiRequest) {
      asked.push(request);
      return { status: 200, body: answer(request) as T, warnings: [] };
    },
    watch: async function* () {},
    close: async () => {},
  };
}

const failing = (status: number) =>
  scripted(() => {
    throw new ApiError(status, 'Reason', 'the words of the server');
  });

test('a list is read to its end, each page from where the last one ended', async () => {
  const pages: Readonly<Record<string, unknown>> = {
    first: { items: ['a', 'b'], metadata: { continue: 'second' } },
    second: { items: ['c'], metadata: { continue: '' } },
  };
  const client = scripted(({ query }) => pages[String(query?.continue ?? 'first')]);
  expect(await new ClusterReader(client).list('/things', 'spec.intent=web')).toEqual({ value: ['a', 'b', 'c'] });
  expect(client.asked.map(({ query }) => query?.fieldSelector)).toEqual(['spec.intent=web', 'spec.intent=web']);
});

test('nothing is asked for twice, also not at the same time', async () => {
  const client = scripted(() => ({ items: [] }));
  const reader = new ClusterReader(client);
  await Promise.all([reader.list('/things'), reader.list('/things'), reader.list('/others'), reader.get('/things/a')]);
  await reader.get('/things/a');
  expect(client.asked.map(({ path }) => path).toSorted()).toEqual(['/others', '/things', '/things/a']);
});

test('what is not there is nothing, what may not be seen says why, and anything else is an error', async () => {
  expect(await new ClusterReader(failing(404)).get('/thing')).toEqual({ value: undefined });
  expect(await new ClusterReader(failing(404)).list('/things')).toEqual({ value: [] });
  expect(await new ClusterReader(failing(403)).list('/things')).toEqual({ why: 'the words of the server' });
  for (const status of [401, 429, 500])
    await expect(new ClusterReader(failing(status)).get('/thing')).rejects.toThrow();
});
