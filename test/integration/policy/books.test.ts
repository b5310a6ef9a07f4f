import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Transient } from '../../../src/api/errors.ts';
import { patchPolicyCrd } from '../../../src/api/policy-crds.ts';
import type { PatchPolicySpec, PolicyStatus } from '../../../src/api/schema/patchpolicy.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { loadAccess } from '../../../src/platform/kubernetes/access.ts';
import { ConnectionError } from '../../../src/platform/kubernetes/client.ts';
import { createKubeClient, type HttpKubeClient } from '../../../src/platform/kubernetes/http-client.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { type Ledger, ledgerOf, ledgerText, MAX_ENTRIES } from '../../../src/policy/ledger.ts';
import { claimIn } from '../../../src/policy/usage-rules.ts';
import { createBooks } from '../../../src/reconcile/permit/books.ts';
import type { PolicyBooks } from '../../../src/reconcile/permit/books-types.ts';
import { compileStored } from '../../../src/reconcile/permit/compile-stored.ts';
import { createPolicyApi, POLICIES_PATH } from '../../../src/reconcile/permit/policy-api.ts';
import { projectPolicy, type StoredPolicy } from '../../../src/reconcile/permit/stored-policy.ts';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { change } from '../../support/book-world.ts';
import { eventually } from '../../support/eventually.ts';
import { type RawApi, rawApi } from '../../support/raw-api.ts';

// Kills its API server, so it has one of its own.
let plane: ControlPlane;
let raw: RawApi;
let client: HttpKubeClient;
const opened: PolicyBooks[] = [];

beforeAll(async () => {
  plane = await startControlPlane();
  raw = rawApi(plane);
  await raw.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', patchPolicyCrd());
  await eventually('policies are served', async () => (await raw.send('GET', POLICIES_PATH)).status === 200);
  client = createKubeClient(await loadAccess({ kubeconfig: plane.kubeconfig, env: {} }), {
    clock: systemClock,
    userAgent: 'books-test',
  });
});

afterAll(async () => {
  await Promise.all(opened.map((books) => books.stop()));
  await client?.close();
  await plane?.stop();
});

async function create(name: string, spec: PatchPolicySpec): Promise<StoredPolicy> {
  const policy = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', metadata: { name }, spec };
  const { status, body } = await raw.send('POST', POLICIES_PATH, policy);
  expect([status, JSON.stringify(body)]).toEqual([201, expect.any(String)]);
  return projectPolicy(body);
}

async function live(name: string): Promise<StoredPolicy> {
  return projectPolicy((await raw.send('GET', `${POLICIES_PATH}/${name}`)).body);
}

/** As a person with rights on the status. */
async function setStatus(name: string, status: unknown): Promise<void> {
  const path = `${POLICIES_PATH}/${name}/status`;
  const answer = await raw.send('PATCH', path, { status }, 'application/merge-patch+json');
  expect([answer.status, answer.status === 200 ? '' : JSON.stringify(answer.body)]).toEqual([200, '']);
}

async function ledgerOn(name: string): Promise<Ledger> {
  const { rate = '' } = (await live(name)).status as PolicyStatus;
  const ledger = ledgerOf(rate);
  if (ledger === undefined) throw new Error('the ledger can not be read');
  return ledger;
}

/** Books whose watch stands still at these versions, until it is told to show another. */
function open(...policies: readonly StoredPolicy[]) {
  let shown = policies;
  const results: string[] = [];
  const events: string[] = [];
  const books = createBooks({
    api: createPolicyApi(client, () => true),
    policies: { get: (name) => shown.find(({ metadata }) => metadata.name === name), list: () => shown },
    mayWrite: () => true,
    events: { emit: ({ reason }) => events.push(reason) },
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: { policyWrite: (result) => results.push(result), reservation() {} },
  });
  opened.push(books);
  const compiled = policies.map(compileStored);
  const signal = new AbortController().signal;
  return {
    books,
    results,
    events,
    take: (name: string, id: string) => books.reserve(compiled, change(name, id), signal),
    show(policy: StoredPolicy): void {
      shown = shown.map((one) => (one.metadata.name === policy.metadata.name ? policy : one));
      books.policyChanged(policy.metadata.name);
    },
  };
}

/** As a run that is tried again after what passes. */
async function persist<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      await sleep(50);
    }
  }
}

/** Runs all with so many at a time. */
async function byWorkers<T>(workers: number, all: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const left = [...all.entries()];
  const results: T[] = [];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await next[1]();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

/** So many changes of different targets within the last minutes. */
function ledgerOfSize(count: number): Ledger {
  const now = Math.ceil(Date.now() / 1000);
  return {
    entries: Array.from({ length: count }, (_, i) => ({
      ...claimIn(change(`target-${i}`, `uid-${i}/1`, `team-${i % 50}`)),
      at: now - 1200 + Math.floor((i * 1200) / count),
    })),
  };
}

describe('on a real API server', () => {
  test('two writers of one policy grant what there is and no more, while the server is killed under them', async () => {
    const policy = await create('contested', { rate: { perNamespacePerHour: 100, perTargetPerHour: 1 } });
    const both = [open(policy), open(policy)];
    // Each target is wanted twice, by changes of which one at most may go ahead.
    const all = Array.from({ length: 300 }, (_, i) => async () => {
      const writer = both[i % 2];
      const name = `web-${Math.floor(i / 2)}`;
      return { name, full: await persist(async () => writer?.take(name, `uid-${i}/1`)) };
    });
    const work = byWorkers(16, all);
    await eventually('some are written', async () => (await ledgerOn('contested')).entries.length > 10);
    await plane.killApiServer();
    await sleep(200);
    await plane.startApiServer();
    const granted = (await work).filter(({ full }) => full === undefined).map(({ name }) => name);
    expect(granted).toHaveLength(100);
    expect(new Set(granted).size).toBe(100);
    const { entries } = await ledgerOn('contested');
    expect(entries).toHaveLength(100);
    for (const name of granted) expect(entries.map(({ target }) => target)).toContain(claimIn(change(name, '')).target);
  });

  test('1,000 changes by 16 workers under two policies share their writes', async () => {
    const policies = [
      await create('shared-one', { rate: { perTargetPerHour: 1 } }),
      await create('shared-two', { rate: { perNamespacePerHour: 5000 } }),
    ];
    const { take, results } = open(...policies);
    const all = Array.from({ length: 1000 }, (_, i) => () => take(`web-${i}`, `uid-${i}/1`));
    expect(new Set(await byWorkers(16, all))).toEqual(new Set([undefined]));
    expect(results).not.toContain('conflict');
    expect(results.length).toBeLessThan(2 * 250);
    expect((await ledgerOn('shared-one')).entries).toHaveLength(1000);
    expect((await ledgerOn('shared-two')).entries).toHaveLength(1000);
  });

  test('a ledger of 5,000 changes fits, and so does one that is full, which lets nothing more through', async () => {
    for (const [name, size] of [
      ['large', 5000],
      ['largest', MAX_ENTRIES],
    ] as const) {
      await create(name, { rate: { perTargetPerHour: 1 } });
      await setStatus(name, { rate: ledgerText(ledgerOfSize(size)) });
      const { take } = open(await live(name));
      if (size < MAX_ENTRIES) expect(await take('one-more', 'uid/1')).toBeUndefined();
      else expect(await take('one-more', 'uid/1')).toMatchObject({ policy: name });
      expect((await ledgerOn(name)).entries).toHaveLength(Math.min(size + 1, MAX_ENTRIES));
    }
  });

  test('people see whether a policy can be used, and can wait for it', async () => {
    const good = await create('in-force', { replicas: { max: 10 } });
    const bad = await create('unusable', {
      windows: [{ effect: 'Allow', schedule: '0 9 31 2 *', duration: '1h', timeZone: 'Mars/Phobos' }],
    });
    const { books, events, results } = open(good, bad);
    books.begin();
    await plane.kubectl(['wait', '--for=condition=Ready', '--timeout=60s', 'pp/in-force']);
    await plane.kubectl(['wait', '--for=condition=Stalled', '--timeout=60s', 'pp/unusable']);
    const { stdout } = await plane.kubectl(['get', 'pp', 'unusable']);
    expect(stdout).toContain('Mars/Phobos');
    await eventually('both writes are known', () => results.length === 2);
    expect(events).toEqual(['PolicyInvalid']);
    expect((await live('in-force')).metadata.generation).toBe(1);
  });

  test('a policy that was made anew has counted nothing, and one that is gone lets nothing through', async () => {
    const first = await create('renewed', { rate: { perTargetPerHour: 1 } });
    const { take, results } = open(first);
    expect(await take('web', 'uid-1/1')).toBeUndefined();
    await raw.send('DELETE', `${POLICIES_PATH}/renewed`);
    await expect(take('api', 'uid-2/1')).rejects.toMatchObject({ class: 'Transient', reason: 'PolicyUnavailable' });
    await create('renewed', { rate: { perTargetPerHour: 1 } });
    expect(await take('api', 'uid-2/1')).toBeUndefined();
    // To the status of an object that is gone some servers say that it is not there, others that its uid does not match.
    expect(results.map((result) => result === 'written')).toEqual([true, false, false, true]);
    expect((await ledgerOn('renewed')).entries).toHaveLength(1);
  });

  test('a ledger that a person made unreadable counts as full, and is sealed for the next leader', async () => {
    await create('scribbled', { rate: { perTargetPerHour: 1 } });
    await setStatus('scribbled', { rate: 'scribble' });
    const { books, take } = open(await live('scribbled'));
    expect(await take('web', 'uid-1/1')).toMatchObject({ policy: 'scribbled' });
    books.begin();
    await plane.kubectl(['wait', '--for=condition=Stalled', '--timeout=60s', 'pp/scribbled']);
    expect(await open(await live('scribbled')).take('web', 'uid-1/1')).toMatchObject({ policy: 'scribbled' });
  });

  test('what a person takes out of the status is put back, so it is there for the next leader', async () => {
    const policy = await create('emptied', {
      rate: { perTargetPerHour: 1 },
      storm: { failures: 1, window: '10m', coolDown: '30m' },
    });
    const { books, take, show } = open(policy);
    expect(await take('web', 'uid-1/1')).toBeUndefined();
    books.failed([compileStored(policy)], 'uid-2/1');
    const counted = async (): Promise<PolicyStatus> => (await live('emptied')).status as PolicyStatus;
    await eventually('both are counted', async () => (await counted()).storm !== undefined);
    const { rate, storm } = await counted();
    for (const gone of [{ rate: null }, { storm: null }]) {
      await setStatus('emptied', gone);
      show(await live('emptied'));
      await eventually('it is put back', async () => (await counted()).rate === rate && 'storm' in (await counted()));
    }
    expect(await counted()).toMatchObject({ rate, storm });
    expect(await open(await live('emptied')).take('web', 'uid-3/1')).toMatchObject({ policy: 'emptied' });
  });

  test('a time that lies ahead holds from when it is seen, and is written so', async () => {
    await create('ahead', { storm: { failures: 1, window: '10m', coolDown: '5s' } });
    await setStatus('ahead', { storm: { failures: [], trippedAt: 99_999_999_999_999 } });
    open(await live('ahead')).books.begin();
    const tripped = async () => ((await live('ahead')).status as PolicyStatus).storm?.trippedAt ?? 0;
    await eventually('it is drawn back', async () => (await tripped()) <= Date.now());
  });

  test('nothing is sent once the lease has run out, however late that is noticed', async () => {
    const { metadata } = await create('too-late', { rate: { perTargetPerHour: 1 } });
    const late = createPolicyApi(client, () => false).putStatus(metadata, { rate: '' }, new AbortController().signal);
    await expect(late).rejects.toBeInstanceOf(ConnectionError);
    expect((await live('too-late')).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });

  test('failures of changes are in the status', async () => {
    const policy = await create('stormy', { storm: { failures: 2, window: '10m', coolDown: '30m' } });
    const { books } = open(policy);
    books.failed([compileStored(policy)], 'uid-1/1');
    books.failed([compileStored(policy)], 'uid-2/1');
    await books.stop();
    const { storm } = (await live('stormy')).status as PolicyStatus;
    expect(storm?.failures.map(({ id }) => id)).toEqual(['uid-1/1', 'uid-2/1']);
    expect(storm?.trippedAt).toBe(storm?.failures[1]?.at);
  });
});
