import { describe, expect, test } from 'vitest';
import { refusal } from '../../../support/scripted-cluster.ts';
import {
  DEFINITION,
  DISCOVERY,
  fleet,
  fleetWorld,
  metadata,
  scale,
  signal,
  targetWorld,
  WEB,
} from '../../../support/target-world.ts';

describe('a target that is read', () => {
  test('has uid, version, number, labels and owner; without a move the next read is one request', async () => {
    const { read, take } = targetWorld({
      [`GET ${WEB}/scale`]: scale(),
      [`GET ${WEB}`]: metadata({ labels: { 'argocd.argoproj.io/instance': 'shop' } }),
    });
    const base = {
      state: 'found',
      ...{ uid: 'u-1', resourceVersion: '7', generation: 2, replicas: 3 },
      labels: { 'argocd.argoproj.io/instance': 'shop' },
      owner: { tool: 'Argo CD', kind: 'Application', name: 'shop', from: 'label' },
      warnings: [],
    };
    expect(await read()).toEqual(base);
    expect(take()).toEqual([`GET ${WEB}/scale`, `GET ${WEB}`]);
    expect(await read()).toEqual(base);
    expect(take()).toEqual([`GET ${WEB}/scale`]);
  });

  test('has its metadata read again when its version or its uid moved', async () => {
    const now = { uid: 'u-1', resourceVersion: '7' };
    const { read, take } = targetWorld({ [`GET ${WEB}/scale`]: () => scale(now), [`GET ${WEB}`]: () => metadata(now) });
    await read();
    for (const moved of [{ resourceVersion: '8' }, { uid: 'u-2' }]) {
      Object.assign(now, moved);
      take();
      expect(await read()).toMatchObject(now);
      expect(take()).toHaveLength(2);
      await read();
      expect(take()).toHaveLength(1);
    }
  });

  test('has 0 replicas where the number is left out', async () => {
    const { read } = targetWorld({ [`GET ${WEB}/scale`]: { ...scale(), spec: {} }, [`GET ${WEB}`]: metadata() });
    expect(await read()).toMatchObject({ state: 'found', replicas: 0 });
  });

  test('that was replaced between the two reads is no base', async () => {
    const { read } = targetWorld({ [`GET ${WEB}/scale`]: scale(), [`GET ${WEB}`]: metadata({ uid: 'u-2' }) });
    await expect(read()).rejects.toThrow('replaced');
  });

  test('is missing where nothing is there, or goes between the two reads', async () => {
    expect(await targetWorld({}).read()).toEqual({ state: 'missing' });
    expect(await targetWorld({ [`GET ${WEB}/scale`]: scale() }).read()).toEqual({ state: 'missing' });
  });

  test.each([500, 503, 429, 401])('is no base where the server answers %d', async (status) => {
    const refuse = () => {
      throw refusal(status, 'no');
    };
    await expect(targetWorld({ [`GET ${WEB}/scale`]: refuse }).read()).rejects.toMatchObject({ status });
    const halfway = targetWorld({ [`GET ${WEB}/scale`]: scale(), [`GET ${WEB}`]: refuse });
    await expect(halfway.read()).rejects.toMatchObject({ status });
  });
});

describe('without rights', () => {
  const forbid = () => {
    throw refusal(403, 'no');
  };

  test('to the scale the base says which right is missing, where, and where to grant it', async () => {
    const { why } = (await targetWorld({ [`GET ${WEB}/scale`]: forbid }).read()) as { why: string };
    expect(why).toBe(
      'the operator may not get deployments/scale of apps in namespace shop: grant it in the chart by the value targets',
    );
  });

  test('to the metadata there are number and version, a warning, and labels that nobody knows', async () => {
    const { read } = targetWorld({ [`GET ${WEB}/scale`]: scale(), [`GET ${WEB}`]: forbid });
    expect(await read()).toEqual({
      state: 'found',
      ...{ uid: 'u-1', resourceVersion: '7', replicas: 3, labels: 'unknown' },
      warnings: [expect.stringMatching(/^the operator may not get deployments of apps in namespace shop: grant it/)],
    });
  });

  test('to the metadata they are tried again after half a minute, and not before', async () => {
    let granted = false;
    const answer = () => (granted ? metadata() : forbid());
    const { read, take, clock } = targetWorld({ [`GET ${WEB}/scale`]: scale(), [`GET ${WEB}`]: answer });
    await read();
    granted = true;
    take();
    await clock.advance(29_000);
    expect(await read()).toMatchObject({ labels: 'unknown' });
    expect(take()).toHaveLength(1);
    await clock.advance(1_000);
    expect(await read()).toMatchObject({ labels: { app: 'web' }, generation: 2, warnings: [] });
  });

  test('to discovery a custom kind can not be read, and the base says so', async () => {
    const base = await targetWorld({ [`GET ${DISCOVERY}`]: forbid }).read(fleet);
    expect(base).toEqual({ state: 'unreadable', why: expect.stringContaining('may not get /apis/example.dev/v1') });
  });

  test('to its definition a custom kind is read, with a warning that names the right', async () => {
    const { read } = targetWorld({ ...fleetWorld, [`GET ${DEFINITION}`]: forbid });
    const { warnings } = (await read(fleet)) as { warnings: readonly string[] };
    expect(warnings).toEqual([
      expect.stringMatching(
        /not known: the operator may not get customresourcedefinitions of apiextensions.k8s.io named fleets.example.dev/,
      ),
    ]);
  });
});

test('without live plans nothing is ever asked', async () => {
  const { targets, read, asked } = targetWorld({}, { live: false });
  expect(await read()).toEqual({ state: 'not-asked' });
  expect(await read(fleet)).toEqual({ state: 'not-asked' });
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
  expect(await targets.dryRun({}, target, signal)).toEqual([]);
  expect(asked).toEqual([]);
});
