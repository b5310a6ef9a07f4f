import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PatchPolicySpec } from '../../../src/api/schema/patchpolicy.ts';
import type { PatchIntent } from '../../../src/api/types.ts';
import { CONSENT_LABEL } from '../../../src/policy/reach.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { scale } from '../../support/operator-scenes.ts';
import { type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import {
  inNamespace,
  labelNamespace,
  look,
  makeDeployment,
  makeHpa,
  makePolicy,
  NO_RESYNC,
  nextSecond,
  policyReady,
  removePolicy,
  told,
} from '../../support/safety-scenes.ts';

// To whom policies apply, what several of them say together, and who looks again when one changes.

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  await world.start({ flags: [...PATIENT_LEASE, ...NO_RESYNC] });
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const isPublished = (key: string): boolean => existsSync(join(world.packages, key, 'Kptfile'));

const until = (key: string, words: string, ...messages: readonly string[]): Promise<PatchIntent> =>
  told(world, key, words, ...messages);

describe('to whom a policy applies', () => {
  const MATCHES: readonly (readonly [string, NonNullable<PatchPolicySpec['match']>, object])[] = [
    ['a name', { targets: { names: ['w*b'] } }, { target: 'api' }],
    ['a kind', { targets: { kinds: [{ kind: 'Deployment' }] } }, { targetKind: 'StatefulSet' }],
    ['labels of the target', { targets: { selector: { matchLabels: { tier: 'front' } } } }, { target: 'api' }],
    ['a source', { sources: ['bot-*'] }, { source: 'jane' }],
  ];

  test.each(MATCHES)('by %s: to the one and not to the other', async (what, match, other) => {
    const name = `match-${what.replaceAll(' ', '-')}`;
    await world.namespace(name);
    await makeDeployment(world, name, 'web', { labels: { tier: 'front' } });
    await makeDeployment(world, name, 'api');
    await makePolicy(world, name, { match: { ...inNamespace(name), ...match }, replicas: { max: 4 } });
    await policyReady(world, name);
    await world.apply(`${name}/one`, { ...scale('web', 5), source: 'bot-1' });
    await world.apply(`${name}/other`, { ...scale('web', 5), source: 'bot-1', ...other });
    await until(`${name}/one`, 'False PolicyDenied', `policy ${name}, replicas.max`);
    expect((await world.ready(`${name}/other`)).status?.policy).toBeUndefined();
  });

  test('by labels of the namespace: to all of it as soon as it has them, and to none when they go', async () => {
    await world.namespace('labelled');
    const match = { namespaces: { selector: { matchLabels: { env: 'prod' } } } };
    await makePolicy(world, 'labelled', { match, replicas: { max: 4 } });
    await policyReady(world, 'labelled');
    await world.apply('labelled/web', scale('web', 5));
    await world.ready('labelled/web');
    await labelNamespace(world, 'labelled', { env: 'prod' });
    await until('labelled/web', 'False PolicyDenied', 'policy labelled, replicas.max');
    await labelNamespace(world, 'labelled', { env: null });
    expect((await world.ready('labelled/web')).status?.policy).toBeUndefined();
  });
});

describe('targets in other namespaces', () => {
  const HERE = 'reach';
  const consent = (to: string, from: string | null): Promise<unknown> =>
    labelNamespace(world, to, { [CONSENT_LABEL]: from });

  test('need a policy and consent: neither alone is enough, and what is there stays unknown without consent', async () => {
    await world.namespace(HERE);
    const spaces = ['reach-none', 'reach-policy', 'reach-consent', 'reach-both'];
    for (const space of spaces) {
      await world.namespace(space);
      await makeDeployment(world, space, 'web');
    }
    for (const space of ['reach-consent', 'reach-both']) await consent(space, HERE);
    await makeHpa(world, 'reach-none', 'hidden', 'web');
    await makePolicy(world, HERE, {
      match: inNamespace(HERE),
      targetNamespaces: { names: ['reach-policy', 'reach-both'] },
    });
    await policyReady(world, HERE);
    for (const space of spaces) await world.apply(`${HERE}/${space}`, { ...scale('web', 5), namespace: space });
    const both = await world.ready(`${HERE}/reach-both`);
    expect(both.status?.change).toBe('replicas 3 → 5');
    const refused = async (space: string, words: string): Promise<PatchIntent> => {
      const it = await until(`${HERE}/${space}`, 'False TargetNotAllowed', 'policy reach, targetNamespaces: ', words);
      expect(isPublished(`${HERE}/${space}`)).toBe(false);
      return it;
    };
    await refused('reach-consent', 'namespace reach-consent is not one of its target namespaces');
    for (const space of ['reach-none', 'reach-policy']) {
      const { status } = await refused(
        space,
        space === 'reach-none' ? 'is not one of its target namespaces' : `does not consent: its label`,
      );
      expect(status?.plan).toMatchObject({ action: 'Unknown', fields: [{ path: '.spec.replicas', to: '5' }] });
      expect(status?.plan?.base).toBeUndefined();
      expect(status?.plan?.fields?.[0]?.from).toBeUndefined();
      expect(JSON.stringify(status)).not.toContain('hidden');
    }
  });

  test('go ahead at once when the namespace consents; when it takes that back, the package stays and the status says so', async () => {
    const key = `${HERE}/reach-policy`;
    await consent('reach-policy', 'shop_reach');
    const { status } = await world.ready(key);
    await consent('reach-policy', 'reach-2');
    const refused = await until(key, 'False TargetNotAllowed', 'does not consent');
    expect(refused.status?.package).toEqual(status?.package);
    expect(isPublished(key)).toBe(true);
    await consent('reach-policy', 'Any');
    await world.ready(key);
    await consent('reach-policy', null);
    await until(key, 'False TargetNotAllowed', 'does not consent');
  });

  test('contend with intents of that namespace as long as it consents', async () => {
    await nextSecond();
    await world.apply('reach-both/own', scale('web', 7));
    await until('reach-both/own', 'False ConflictingIntent', `intent ${HERE}/reach-both is older and wants 5`);
    await consent('reach-both', null);
    await until(`${HERE}/reach-both`, 'False TargetNotAllowed', 'does not consent');
    await world.ready('reach-both/own');
    expect(isPublished('reach-both/own')).toBe(true);
  });

  test('are out of reach where no policy speaks, with consent or without', async () => {
    await world.namespace('reach-unspoken');
    await world.apply('reach-unspoken/web', { ...scale('web', 5), namespace: 'reach-both' });
    await until('reach-unspoken/web', 'False TargetNotAllowed', 'no policy lets intents of namespace reach-unspoken');
    await consent('reach-both', 'Any');
    await look(world, 'reach-unspoken/web');
    await until('reach-unspoken/web', 'False TargetNotAllowed', 'no policy lets intents of namespace reach-unspoken');
    expect(isPublished('reach-unspoken/web')).toBe(false);
  });
});

describe('several policies', () => {
  test('the strictest wins, all are listed by name; deleted one by one, the next strictest decides', async () => {
    await world.namespace('several');
    await makeDeployment(world, 'several', 'web');
    const specs: Readonly<Record<string, PatchPolicySpec>> = {
      'several-a-approval': { approval: { mode: 'Always' } },
      'several-b-window': { windows: [{ effect: 'Deny', schedule: '* * * * *', duration: '5m' }] },
      'several-c-max': { replicas: { max: 4 } },
      'several-d-fine': { replicas: { max: 90 } },
    };
    const names = Object.keys(specs);
    for (const [name, spec] of Object.entries(specs))
      await makePolicy(world, name, { match: inNamespace('several'), ...spec });
    for (const name of names) await policyReady(world, name);
    await world.apply('several/web', scale('web', 5));
    const refused = await until('several/web', 'False PolicyDenied', 'policy several-c-max, replicas.max');
    expect(refused.status?.policy?.decision).toBe('Refuse');
    expect(refused.status?.policy?.considered.map(({ policy, result, rule }) => [policy, result, rule])).toEqual([
      ['several-a-approval', 'Approval', 'approval'],
      ['several-b-window', 'Wait', 'windows'],
      ['several-c-max', 'Refuse', 'replicas.max'],
      ['several-d-fine', 'Allow', undefined],
    ]);
    await removePolicy(world, 'several-c-max');
    await until('several/web', 'False OutsideWindow', 'policy several-b-window, windows: within Deny "* * * * *"');
    await removePolicy(world, 'several-b-window');
    await until('several/web', 'False AwaitingApproval', '0 of 1 approvals');
    await removePolicy(world, 'several-a-approval');
    const ready = await world.ready('several/web');
    expect(ready.status?.policy).toEqual({
      decision: 'Allow',
      considered: [{ policy: 'several-d-fine', result: 'Allow' }],
    });
  });
});

describe('an edit of a policy', () => {
  /** How often the operator has looked at targets of each namespace since. */
  const looks = (from: number): ReadonlyMap<string, number> => {
    const reads = world.requests(from).records.filter(({ objectRef }) => objectRef?.subresource === 'scale');
    return new Map(
      [...Map.groupBy(reads, ({ objectRef }) => objectRef?.namespace ?? '')].map(([of, all]) => [of, all.length]),
    );
  };

  test('is held against the intents that it touches, each once, and against no other', async () => {
    for (const space of ['edit-one', 'edit-two']) {
      await world.namespace(space);
      for (const target of ['a', 'b']) await makeDeployment(world, space, target);
    }
    await makePolicy(world, 'edit', { match: inNamespace('edit-one'), replicas: { max: 9 } });
    await policyReady(world, 'edit');
    for (const space of ['edit-one', 'edit-two'])
      for (const target of ['a', 'b']) await world.apply(`${space}/${target}`, scale(target, 5));
    for (const space of ['edit-one', 'edit-two'])
      for (const target of ['a', 'b']) await world.ready(`${space}/${target}`);

    const first = world.requests().end;
    await makePolicy(world, 'edit', { match: inNamespace('edit-one'), replicas: { max: 4 } });
    for (const target of ['a', 'b'])
      await until(`edit-one/${target}`, 'False PolicyDenied', 'policy edit, replicas.max');
    expect(looks(first)).toEqual(new Map([['edit-one', 2]]));
    expect(isPublished('edit-one/a')).toBe(true);

    // Moved to the other namespace it concerns both: those whom it leaves, and those whom it comes to.
    const second = world.requests().end;
    await makePolicy(world, 'edit', { match: inNamespace('edit-two'), replicas: { max: 4 } });
    for (const target of ['a', 'b']) await world.ready(`edit-one/${target}`);
    for (const target of ['a', 'b'])
      await until(`edit-two/${target}`, 'False PolicyDenied', 'policy edit, replicas.max');
    expect(looks(second)).toEqual(
      new Map([
        ['edit-one', 2],
        ['edit-two', 2],
      ]),
    );
  });

  test('that changes no rule makes nobody look, and neither does what the operator counts in its status', async () => {
    await world.namespace('edit-count');
    for (const target of ['a', 'b', 'c']) await makeDeployment(world, 'edit-count', target);
    const match = inNamespace('edit-count');
    await makePolicy(world, 'edit-count', { match, replicas: { max: 4 } });
    await policyReady(world, 'edit-count');
    await world.apply('edit-count/a', scale('a', 5));
    await until('edit-count/a', 'False PolicyDenied', 'policy edit-count');
    await makePolicy(world, 'edit-count', { match, rate: { perNamespacePerHour: 100 } });
    // By then nobody is still to be told of that.
    await world.ready('edit-count/a');
    const { end } = world.requests();
    for (const target of ['a', 'b', 'c']) {
      await world.apply(`edit-count/${target}`, scale(target, 6));
      await world.ready(`edit-count/${target}`);
      const annotations = { note: target };
      const path = '/apis/patchgen.dev/v1alpha1/patchpolicies/edit-count';
      await world.plane.request('PATCH', path, { metadata: { annotations } }, 'application/merge-patch+json');
    }
    // An edit that concerns one of them, after all that: once it is seen, so are those.
    await makePolicy(world, 'edit-last', {
      match: { ...inNamespace('edit-count'), targets: { names: ['c'] } },
      replicas: { max: 4 },
    });
    await until('edit-count/c', 'False PolicyDenied', 'policy edit-last');
    // Each once for itself, and one for the last edit.
    expect(looks(end)).toEqual(new Map([['edit-count', 4]]));
  });
});
