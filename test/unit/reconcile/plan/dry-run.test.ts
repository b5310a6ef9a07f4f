import { describe, expect, test } from 'vitest';
import type { ApiRequest } from '../../../../src/platform/kubernetes/client.ts';
import { refusal } from '../../../support/scripted-cluster.ts';
import { signal, targetWorld, WEB } from '../../../support/target-world.ts';

describe('a dry run of the patch', () => {
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
  const patch = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 5 } };
  const REVIEW = 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const noRight =
    'deployments.apps "web" is forbidden: User "system:serviceaccount:p:patchgen" cannot patch resource "deployments" in API group "apps" in the namespace "shop"';
  const run = (status: number, message: string, allowed?: boolean) => {
    const answers = {
      [`PATCH ${WEB}`]: () => Promise.reject(refusal(status, message)),
      ...(allowed === undefined ? {} : { [REVIEW]: { status: { allowed } } }),
    };
    const { targets, asked } = targetWorld(answers);
    return { asked, result: targets.dryRun(patch, target, signal) };
  };

  test('sends the patch as it is, as a merge patch that changes nothing', async () => {
    const seen: ApiRequest[] = [];
    const { targets } = targetWorld({ [`PATCH ${WEB}`]: (request: ApiRequest) => void seen.push(request) });
    expect(await targets.dryRun(patch, target, signal)).toEqual([]);
    expect(seen).toMatchObject([{ query: { dryRun: 'All', fieldManager: 'patchgen' }, body: patch }]);
    expect(seen[0]?.contentType ?? 'application/merge-patch+json').toBe('application/merge-patch+json');
  });

  test('is not made where it is switched off', async () => {
    const { targets, asked } = targetWorld({}, { dryRun: false });
    expect(await targets.dryRun(patch, target, signal)).toEqual([]);
    expect(asked).toEqual([]);
  });

  test.each([
    [403, 'admission webhook "guard" denied the request: not today'],
    [403, 'deployments.apps "web" is forbidden: exceeded quota: few'],
    [400, 'admission webhook "guard" denied the request: bad'],
    [409, 'Operation cannot be fulfilled'],
    [422, 'Deployment.apps "web" is invalid: spec.replicas'],
    [500, 'Internal error occurred: failed calling webhook "guard.dev": failed to call webhook: connection refused'],
    [503, 'admission webhook "guard" denied the request: come back'],
  ])('that the server refuses with %d holds the change, in its own words', async (status, message) => {
    const { result, asked } = run(status, message);
    await expect(result).rejects.toMatchObject({
      class: 'Waiting',
      reason: 'DryRunRefused',
      message: `the API server would refuse the patch: ${message}`,
    });
    expect(asked).toEqual([`PATCH ${WEB}`]);
  });

  test('for which the right is missing is a warning that names it', async () => {
    expect(await run(403, noRight, false).result).toEqual([
      'no dry run of the patch: the operator may not patch deployments of apps in namespace shop: grant it in the chart by the value planDryRun: true',
    ]);
  });

  test('that admission refuses in the words of the authorizer is refused all the same', async () => {
    const { result } = run(403, `admission webhook "guard" denied the request: ${noRight}`, true);
    await expect(result).rejects.toMatchObject({ reason: 'DryRunRefused' });
  });

  test('that a webhook can not take part in is a warning', async () => {
    const message = 'admission webhook "guard" does not support dry run';
    expect(await run(400, message).result).toEqual([`no dry run of the patch: ${message}`]);
  });

  test('says nothing of a target that is missing, or a kind', async () => {
    expect(await run(404, 'not found').result).toEqual([]);
    const { targets } = targetWorld({});
    expect(await targets.dryRun(patch, { ...target, apiVersion: 'example.dev/v1' }, signal)).toEqual([]);
  });

  test('is tried again where the server itself is in trouble, whatever else its words hold', async () => {
    const message = 'request timed out: Internal error occurred: failed calling webhook "x"';
    await expect(run(500, message).result).rejects.toMatchObject({ status: 500 });
  });

  test.each([401, 429, 500, 503])('that the server answers with %d is tried again', async (status) => {
    await expect(run(status, 'no').result).rejects.toMatchObject({ status });
  });

  test('is cut where the server has much to say', async () => {
    const { result } = run(422, 'x'.repeat(100_000));
    const failure = (await result.catch((thrown: unknown) => thrown)) as Error;
    expect(failure.message).toHaveLength(1024);
  });
});
