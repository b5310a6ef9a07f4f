import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GUARDS } from '../../../src/api/guards/index.ts';
import { requesterGuard, TARGET_KINDS } from '../../../src/api/guards/requester.ts';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { installCrds } from '../../../tools/control-plane/crds.ts';
import { guardPath, installGuards, putGuard } from '../../support/guards.ts';
import { grant, type Person, personOf } from '../../support/person.ts';

// The admission policies themselves, on a real API server, asked by people with certificates of their own.

const APIS = '/apis/patchgen.dev/v1alpha1/namespaces';
const WRITE = ['create', 'get', 'update', 'patch', 'delete'];
const INTENTS = { apiGroups: ['patchgen.dev'], resources: ['patchintents', 'patchapprovals'], verbs: WRITE };
const SCALES = { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] };
const MERGE = 'application/merge-patch+json';

let plane: ControlPlane;
/** May write intents and patch scales in `shop`; in `pay` only write intents. */
let jane: Person;
/** May write intents, no more. */
let bob: Person;
/** A member of system:masters: no right is missing. */
let root: Person;

beforeAll(async () => {
  plane = await startControlPlane();
  await installCrds(plane, join(import.meta.dirname, '../../../crds'));
  for (const name of ['shop', 'pay']) {
    await plane.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  jane = await personOf(plane, 'jane');
  bob = await personOf(plane, 'bob@example.com');
  root = await personOf(plane, 'root', ['system:masters']);
  await grant(plane, 'shop', 'jane', 'jane', [INTENTS, SCALES]);
  await grant(plane, 'pay', 'jane', 'jane', [INTENTS]);
  await grant(plane, 'shop', 'bob', bob.name, [INTENTS]);
  await installGuards(plane);
});
afterAll(async () => {
  await Promise.all([jane, bob, root].map((person) => person?.close()));
  await plane?.stop();
});

const intent = (name: string, spec: object = {}) => ({
  apiVersion: 'patchgen.dev/v1alpha1',
  kind: 'PatchIntent',
  metadata: { name },
  spec: { intentType: 'scaling', target: 'web', replicas: 5, ...spec },
});
const approval = (name: string, spec: object) => ({
  apiVersion: 'patchgen.dev/v1alpha1',
  kind: 'PatchApproval',
  metadata: { name },
  spec: { intent: 'web', planDigest: 'a'.repeat(64), decision: 'Approve', ...spec },
});
const intents = (namespace: string, name = ''): string => `${APIS}/${namespace}/patchintents${name && `/${name}`}`;
const approvals = (name = ''): string => `${APIS}/shop/patchapprovals${name && `/${name}`}`;
const denied = (policy: string, words: string) =>
  expect.stringMatching(new RegExp(`^403 .*'${policy.replaceAll('.', '[.]')}' denied request: .*${words}`));

describe('the server', () => {
  test('stores each guard as it is written: every default is in it', async () => {
    for (const { policy, binding } of Object.values(GUARDS)) {
      for (const ours of [policy, binding]) {
        const { body } = await plane.request('GET', guardPath(ours));
        const { metadata, spec } = body as { metadata: { generation: number }; spec: object };
        expect(spec).toEqual(ours.spec);
        expect(metadata.generation).toBe(1);
      }
    }
  });
});

describe('an approver', () => {
  const NAME = 'approver.patchgen.dev';

  test('speaks in their own name', async () => {
    expect(await jane.ask('POST', approvals(), approval('own', { approver: 'jane' }))).toBe('201');
    const bobs = approval('own-no', { approver: bob.name, decision: 'Reject' });
    expect(await bob.ask('POST', approvals(), bobs)).toBe('201');
  });

  test('speaks in no other name, whatever their rights and whatever they decide', async () => {
    for (const person of [jane, root]) {
      for (const decision of ['Approve', 'Reject']) {
        const forged = approval('forged', { approver: bob.name, decision });
        expect(await person.ask('POST', approvals(), forged)).toEqual(
          denied(
            NAME,
            `spec[.]approver is ${bob.name}, but you are ${person.name}: nobody can approve or reject in the name`,
          ),
        );
      }
    }
    const nearly = approval('forged', { approver: 'Jane' });
    expect(await jane.ask('POST', approvals(), nearly)).toEqual(denied(NAME, 'spec[.]approver is Jane'));
  });

  test('of an administrator who acts as somebody is who they act as', async () => {
    const as = async (approver: string) => {
      const args = ['create', '--namespace', 'shop', '--as', 'jane', '-f', '-'];
      const input = JSON.stringify(approval(`as-${approver}`, { approver }));
      return plane.kubectl(args, { input, allowFailure: true });
    };
    expect(await as('jane')).toMatchObject({ code: 0 });
    expect(await as('admin')).toMatchObject({ code: 1, stderr: expect.stringContaining('but you are jane') });
  });

  test('may create by server-side apply too, and is asked there as well', async () => {
    const apply = (approver: string) => {
      const path = `${approvals(`applied-${approver}`)}?fieldManager=test`;
      return jane.ask('PATCH', path, approval(`applied-${approver}`, { approver }), 'application/apply-patch+yaml');
    };
    expect(await apply('jane')).toBe('201');
    expect(await apply('root')).toEqual(denied(NAME, 'spec[.]approver is root'));
  });

  test('can not change what was said, nor who said it; labels are free', async () => {
    expect(await jane.ask('POST', approvals(), approval('fixed', { approver: 'jane' }))).toBe('201');
    for (const spec of [
      { decision: 'Reject' },
      { planDigest: 'b'.repeat(64) },
      { approver: 'root' },
      { comment: 'x' },
    ]) {
      for (const person of [jane, root]) {
        expect(await person.ask('PATCH', approvals('fixed'), { spec }, MERGE)).toMatch(/^4\d\d .*can not be changed/);
      }
    }
    expect(await bob.ask('PATCH', approvals('fixed'), { metadata: { labels: { seen: 'yes' } } }, MERGE)).toBe('200');
  });

  test('can not change it either where the definition of the kind has lost the rule', async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/patchapprovals.patchgen.dev';
    const spec = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations';
    const { body } = await plane.request('GET', path);
    const rule = JSON.stringify(body).includes('self == oldSelf');
    expect(rule).toBe(true);
    await plane.request('PATCH', path, [{ op: 'remove', path: spec }], 'application/json-patch+json');
    expect(await jane.ask('POST', approvals(), approval('loose', { approver: 'jane' }))).toBe('201');
    const change = () => root.ask('PATCH', approvals('loose'), { spec: { decision: 'Reject' } }, MERGE);
    while ((await change()).startsWith('422')) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await change()).toEqual(denied(NAME, 'the spec of PatchApproval loose can not be changed'));
  });
});

describe('requestedBy', () => {
  const NAME = 'requested-by.patchgen.dev';
  const foreign = denied(
    NAME,
    'spec[.]requestedBy is .*: whoever changes the spec puts their own name there, or takes',
  );

  test('is the name of whoever creates the intent, or absent', async () => {
    expect(await jane.ask('POST', intents('shop'), intent('own', { requestedBy: 'jane' }))).toBe('201');
    expect(await jane.ask('POST', intents('shop'), intent('none'))).toBe('201');
    expect(await jane.ask('POST', intents('shop'), intent('other', { requestedBy: 'root' }))).toEqual(foreign);
    expect(await root.ask('POST', intents('shop'), intent('other', { requestedBy: 'jane' }))).toEqual(foreign);
    const applied = intent('applied', { requestedBy: 'jane' });
    const path = `${intents('shop', 'applied')}?fieldManager=test`;
    expect(await root.ask('PATCH', path, applied, 'application/apply-patch+yaml')).toEqual(foreign);
    expect(await jane.ask('PATCH', path, applied, 'application/apply-patch+yaml')).toBe('201');
  });

  test('follows whoever changes the spec: a foreign name can not stay, nor be put there', async () => {
    expect(await jane.ask('POST', intents('shop'), intent('edited', { requestedBy: 'jane' }))).toBe('201');
    const edit = (spec: object) => root.ask('PATCH', intents('shop', 'edited'), { spec }, MERGE);
    expect(await edit({ replicas: 50 })).toEqual(denied(NAME, 'spec[.]requestedBy is jane, but you are root'));
    expect(await edit({ reason: 'only words' })).toEqual(foreign);
    expect(await edit({ replicas: 50, requestedBy: 'bob' })).toEqual(foreign);
    expect(await edit({ replicas: 50, requestedBy: 'root' })).toBe('200');
    expect(await jane.ask('PATCH', intents('shop', 'edited'), { spec: { requestedBy: 'jane' } }, MERGE)).toBe('200');
    expect(await edit({ replicas: 6, requestedBy: null })).toBe('200');
    expect(await edit({ requestedBy: 'jane' })).toEqual(foreign);
  });

  test('is left alone by writes of labels, finalizers and status, whoever makes them', async () => {
    expect(await jane.ask('POST', intents('shop'), intent('labelled', { requestedBy: 'jane' }))).toBe('201');
    const path = intents('shop', 'labelled');
    const metadata = { labels: { team: 'a' }, finalizers: ['example.com/wait'] };
    expect(await bob.ask('PATCH', path, { metadata }, MERGE)).toBe('200');
    expect(await root.ask('PATCH', `${path}/status`, { status: { change: 'replicas → 5' } }, MERGE)).toBe('200');
    expect(await root.ask('DELETE', path)).toBe('200');
    expect(await bob.ask('PATCH', path, { metadata: { finalizers: null } }, MERGE)).toBe('200');
    expect(await root.ask('GET', path)).toMatch(/^404 /);
  });
});

describe('a requester', () => {
  const NAME = 'requester.patchgen.dev';
  const mayNot = denied(NAME, 'you may not patch deployments/scale of shop/web, so you may not ask for a change of it');

  test('who may patch the scale of the target may ask, and nobody else', async () => {
    expect(await jane.ask('POST', intents('shop'), intent('asked'))).toBe('201');
    expect(await bob.ask('POST', intents('shop'), intent('not-asked'))).toEqual(mayNot);
    expect(await bob.ask('PATCH', intents('shop', 'asked'), { spec: { replicas: 6 } }, MERGE)).toEqual(mayNot);
    expect(await bob.ask('PATCH', intents('shop', 'asked'), { metadata: { labels: { a: 'b' } } }, MERGE)).toBe('200');
    expect(await bob.ask('DELETE', intents('shop', 'asked'))).toBe('200');
  });

  test('is asked about the kind and the namespace of the target, not those of the intent', async () => {
    const statefulSet = intent('db', { targetKind: 'StatefulSet' });
    expect(await jane.ask('POST', intents('shop'), statefulSet)).toEqual(
      denied(NAME, 'you may not patch statefulsets/scale of shop/web, .* ask for the verb patch on statefulsets/scale'),
    );
    expect(await jane.ask('POST', intents('shop'), intent('far', { namespace: 'pay' }))).toEqual(
      denied(NAME, 'you may not patch deployments/scale of pay/web'),
    );
    expect(await jane.ask('POST', intents('pay'), intent('near'))).toEqual(denied(NAME, 'of pay/web'));
    expect(await jane.ask('POST', intents('pay'), intent('back', { namespace: 'shop' }))).toBe('201');
  });

  test('with a right on one name may ask for that one only', async () => {
    const carol = await personOf(plane, 'carol');
    await grant(plane, 'shop', 'carol', 'carol', [INTENTS, { ...SCALES, resourceNames: ['web'] }]);
    expect(await carol.ask('POST', intents('shop'), intent('carol-web'))).toBe('201');
    expect(await carol.ask('POST', intents('shop'), intent('carol-api', { target: 'api' }))).toEqual(
      denied(NAME, 'you may not patch deployments/scale of shop/api'),
    );
    await carol.close();
  });

  test('with the right on the workload but not on its scale may not ask', async () => {
    const dave = await personOf(plane, 'dave');
    await grant(plane, 'shop', 'dave', 'dave', [INTENTS, { ...SCALES, resources: ['deployments'] }]);
    expect(await dave.ask('POST', intents('shop'), intent('dave-web'))).toEqual(mayNot);
    await dave.close();
  });

  test('can not ask for kinds that are in no mapping, and learns where to put them', async () => {
    const words =
      'nobody may ask for a change of a Widget of example.com/v1: add this kind, .* to the chart value targets';
    const widget = intent('widget', { targetApiVersion: 'example.com/v1', targetKind: 'Widget' });
    for (const person of [jane, root]) {
      expect(await person.ask('POST', intents('shop'), widget)).toEqual(denied(NAME, words));
    }
  });

  test('can ask for a custom kind that is in the mapping, with the right on its resource', async () => {
    const kinds = [...TARGET_KINDS, { apiVersion: 'example.com/v1', kind: 'Widget', resource: 'widgetry' }];
    await putGuard(plane, requesterGuard(kinds).policy);
    const widget = intent('widget', { targetApiVersion: 'example.com/v1', targetKind: 'Widget' });
    const ask = (person: Person) => person.ask('POST', `${intents('shop')}?dryRun=All`, widget);
    while ((await ask(root)) !== '201') await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await ask(jane)).toEqual(denied(NAME, 'you may not patch widgetry/scale of shop/web'));
    const right = { apiGroups: ['example.com'], resources: ['widgetry/scale'], verbs: ['patch'] };
    await grant(plane, 'shop', 'jane-widgets', 'jane', [right]);
    expect(await ask(jane)).toBe('201');
    const wrongGroup = intent('widget', { targetApiVersion: 'example.org/v1', targetKind: 'Widget' });
    expect(await jane.ask('POST', intents('shop'), wrongGroup)).toEqual(denied(NAME, 'of example.org/v1'));
  });

  test('can ask for nothing where the mapping is empty', async () => {
    await putGuard(plane, requesterGuard([]).policy);
    const ask = () => root.ask('POST', `${intents('shop')}?dryRun=All`, intent('empty'));
    while ((await ask()) === '201') await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await ask()).toEqual(denied(NAME, 'nobody may ask for a change of a Deployment of apps/v1'));
  });
});
