import { load, loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { crds } from '../../../src/api/crds.ts';
import { runCli } from '../../../src/cli/frame.ts';
import { recordedIo } from '../../support/io.ts';

async function crd(...args: readonly string[]) {
  const io = recordedIo();
  const code = await runCli(['crd', ...args], io);
  return { code, out: io.out(), err: io.err() };
}

const named = (plural: string) => crds().filter(({ spec }) => spec.names.plural === plural);

describe('crd', () => {
  test('prints every definition, as documents for kubectl', async () => {
    const { code, out } = await crd();
    expect(code).toBe(0);
    expect(loadAll(out)).toEqual(crds());
    expect(crds()).toHaveLength(3);
  });

  test('prints only those that are named', async () => {
    expect(load((await crd('patchpolicies')).out)).toEqual(named('patchpolicies')[0]);
    expect(loadAll((await crd('patchpolicies', 'patchapprovals')).out)).toEqual([
      ...named('patchapprovals'),
      ...named('patchpolicies'),
    ]);
  });

  test('as JSON is one object: a List where there are several', async () => {
    expect(JSON.parse((await crd('-o', 'json')).out)).toEqual({ apiVersion: 'v1', kind: 'List', items: crds() });
    expect(JSON.parse((await crd('patchintents', '-o', 'json')).out)).toEqual(named('patchintents')[0]);
  });

  test('refuses a kind that is not ours, and names those that are', async () => {
    const { code, out, err } = await crd('deployments');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('patchapprovals, patchintents, patchpolicies');
  });
});
