import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../../src/cli/frame.ts';
import { recordedIo } from '../../../support/io.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const INTENT = 'intent_type: scaling\ntarget: web\nnamespace: shop\nreplicas: 5\ncorrelation_id: INC-42\n';

function policyFile(spec: unknown, name = 'one', extra = ''): string {
  const manifest = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', metadata: { name }, spec };
  const path = join(tempFolder(), `${name}.yaml`);
  writeFileSync(path, JSON.stringify(manifest) + extra);
  return path;
}

async function policyTest(policies: readonly string[], more: readonly string[] = [], input = INTENT) {
  const io = recordedIo(input);
  const code = await runCli(['policy', 'test', '-', '--policy', ...policies, ...more], io);
  return { code, out: io.out(), err: io.err() };
}

const THURSDAY = ['--at', '2026-11-19T12:00:00Z'];
const MAX_4 = { replicas: { max: 4 } };

describe('exit codes', () => {
  test.each<[string, unknown, readonly string[], number]>([
    ['Allow', { replicas: { max: 5 } }, [], 0],
    ['Warn', { gitOps: 'Warn' }, ['--owner', 'Helm release web'], 0],
    ['Approval', { approval: { mode: 'Always' } }, [], 1],
    ['Wait', { replicas: { maxDelta: 2 } }, [], 1],
    ['Refuse', MAX_4, [], 1],
  ])('%s', async (decision, spec, more, code) => {
    const result = await policyTest([policyFile(spec)], more);
    expect([result.code, result.err]).toEqual([code, '']);
    expect(result.out).toContain(`stdin:1: ${decision}: Deployment shop/web, replicas → 5\n`);
  });

  test('the worst of several intents decides, and each is told', async () => {
    const { code, out } = await policyTest([policyFile(MAX_4)], [], `${INTENT.replace('5', '4')}---\n${INTENT}`);
    expect(code).toBe(1);
    expect(out).toContain('stdin:1: Allow');
    expect(out).toContain('stdin:7: Refuse');
  });

  test.each<[string, string, string]>([
    ['an intent that is not valid', INTENT.replace('5', '101'), 'replicas out of range'],
    ['an intent that can not be planned', `${INTENT}target_kind: DaemonSet\n`, 'scaling does not work on'],
    ['one bad intent of two', `${INTENT}---\nx: 1\n`, 'unknown field'],
    ['no document', '', 'the input holds no document'],
  ])('%s is bad input: 2, told on standard error, and no verdict', async (_, input, words) => {
    const { code, out, err } = await policyTest([policyFile(MAX_4)], [], input);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
  });

  test.each<[string, () => string, string]>([
    ['a rule that is not known', () => policyFile({ replica: {} }), 'unknown field "replica"'],
    [
      'a time zone that is not known',
      () => policyFile({ windows: [{ effect: 'Deny', schedule: '0 0 * * *', duration: '1h', timeZone: 'Mars/Base' }] }),
      '[unusable] (/spec/windows/0/timeZone)',
    ],
    ['another kind', () => policyFile(MAX_4, 'one', '\n---\nkind: Namespace\n'), 'kind must be PatchPolicy'],
    [
      'two policies of one name',
      () =>
        policyFile(
          MAX_4,
          'one',
          `\n---\n${JSON.stringify({ apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', metadata: { name: 'one' }, spec: MAX_4 })}`,
        ),
      'there is another policy one',
    ],
    ['no such file', () => '/nowhere/policy.yaml', 'error: no such file: /nowhere/policy.yaml'],
  ])('a policy with %s is bad input', async (_, file, words) => {
    const { code, out, err } = await policyTest([file()]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
  });

  test.each([
    ['--from', '-1'],
    ['--from', 'many'],
    ['--at', 'tomorrow'],
    ['--at', '2026-11-19'],
    ['--at', '2026-02-30T00:00:00Z'],
    ['--at', '2026-13-01T00:00:00Z'],
    ['--at', '2026-12-24T24:00:00Z'],
    ['--autoscaler', ''],
    ['--owner', ' '],
    ['--namespace-labels', 'env'],
    ['--target-labels', 'a b=c'],
    ['--target-namespace-labels', 'env=prod=x'],
    ['-o', 'xml'],
  ])('%s %s is wrong usage', async (flag, value) => {
    const { code, err } = await policyTest([policyFile(MAX_4)], [`${flag}${flag.startsWith('--') ? '=' : ''}${value}`]);
    expect(code).toBe(2);
    expect(err).toContain(flag);
  });

  test('a leap day is a day', async () => {
    expect((await policyTest([policyFile(MAX_4)], ['--at', '2028-02-29T23:59:59+01:00'])).code).toBe(1);
  });

  test('files may stand behind the policies or before them, and the last one is that of the intents', async () => {
    const [one, two] = [policyFile(MAX_4, 'one'), policyFile({ replicas: { max: 3 } }, 'two')];
    const intent = join(tempFolder(), 'intent.yaml');
    writeFileSync(intent, INTENT);
    const told = async (...args: readonly string[]) => {
      const io = recordedIo('');
      const code = await runCli(['policy', 'test', ...args], io);
      return { code, out: io.out(), err: io.err() };
    };
    const expected = await told(intent, '--policy', one, two);
    expect(expected).toMatchObject({ code: 1, err: '', out: expect.stringContaining('policy two, replicas.max') });
    for (const args of [
      ['--policy', one, two, intent],
      ['--policy', one, '--policy', two, intent],
      [`--policy=${one}`, `--policy=${two}`, intent],
      ['--policy', one, '--policy', two, '--', intent],
    ])
      expect(await told(...args)).toEqual(expected);
    const missing = await told('--policy', one);
    expect([missing.code, missing.out]).toEqual([2, '']);
    expect(missing.err).toContain('missing FILE: patchgen policy test FILE --policy FILE…');
  });

  test('without a policy, and without a subcommand, it is wrong usage', async () => {
    for (const args of [['policy', 'test', '-'], ['policy'], ['policy', 'nope']]) {
      const io = recordedIo(INTENT);
      expect(await runCli(args, io)).toBe(2);
      expect(io.err()).not.toBe('');
    }
  });
});

describe('the verdict', () => {
  test('is told rule by rule, with what does not apply, what people must do, and when to look again', async () => {
    const files = [
      policyFile({ replicas: { max: 50 }, approval: { mode: 'Always', approvals: 2 } }, 'a'),
      policyFile({ match: { namespaces: { names: ['dev'] } }, gitOps: 'Warn' }, 'b'),
      policyFile({ windows: [{ effect: 'Deny', schedule: '0 18 * * *', duration: '1h' }] }, 'c'),
    ];
    expect((await policyTest(files, THURSDAY)).out).toBe(`stdin:1: Approval: Deployment shop/web, replicas → 5
  Allow      policy a, replicas.max: replicas 5 against at most 50
  Approval   policy a, approval: 2 approvals are needed for every change
  Allow      policy c, windows: within no Deny window
  –          policy b does not apply: match.namespaces
  Needed     2 approvals, each valid for 24h, not of the author of the intent
  Again      the time may change this at 2026-11-19T18:00:00.000Z
`);
  });

  test('follows what is said of the cluster', async () => {
    const bySelector = policyFile({ match: { namespaces: { selector: { matchLabels: { env: 'prod' } } } }, ...MAX_4 });
    const decision = async (...more: readonly string[]) =>
      /stdin:1: (\w+)/.exec((await policyTest([bySelector], more)).out)?.[1];
    expect(await decision()).toBe('Wait');
    expect(await decision('--namespace-labels', 'team=shop, env=prod')).toBe('Refuse');
    expect(await decision('--namespace-labels', 'env=dev')).toBe('Allow');
    expect(await decision('--namespace-labels', '')).toBe('Allow');
    expect(await decision('--namespace-labels', '', '--autoscaler', 'HorizontalPodAutoscaler web')).toBe('Refuse');
  });

  test.each([
    ['autoscaler', '--autoscaler'],
    ['gitOps', '--owner'],
  ])('of a rule on %s waits where %s is not said, and none is nothing', async (rule, flag) => {
    const file = policyFile({ [rule]: 'Refuse' });
    expect((await policyTest([file])).out).toContain(
      `Wait       policy one, ${rule}: whether anything else owns the field is not known`,
    );
    const none = await policyTest([file], [flag, 'none']);
    expect([none.code, none.out]).toEqual([0, expect.stringContaining('nothing else owns the field')]);
    expect((await policyTest([file], [flag, 'Helm release web'])).out).toContain('Refuse');
    // Where no policy asks, what is not known holds nothing up.
    expect((await policyTest([policyFile({ replicas: { max: 9 } })])).code).toBe(0);
  });

  test('lists a policy that applies and has nothing to say', async () => {
    const silent = policyFile({ targetNamespaces: { names: ['*'] } }, 'silent');
    expect((await policyTest([silent])).out).toBe(
      'stdin:1: Allow: Deployment shop/web, replicas → 5\n  Allow      policy silent: nothing to say\n',
    );
  });

  test('counts the step from the number that is given', async () => {
    const file = policyFile({ replicas: { maxDelta: 2 } });
    expect((await policyTest([file], ['--from', '3'])).code).toBe(0);
    expect((await policyTest([file], ['--from', '2'])).code).toBe(1);
  });

  test('of an intent for another namespace needs the labels of that one', async () => {
    const manifest = JSON.stringify({
      apiVersion: 'patchgen.dev/v1alpha1',
      kind: 'PatchIntent',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { intentType: 'scaling', target: 'web', namespace: 'pay', replicas: 2, correlationId: 'x' },
    });
    const file = policyFile({ targetNamespaces: { names: ['pay'] } });
    const labels = ['--namespace-labels', 'patchgen.dev/allow-intents-from=shop'];
    expect((await policyTest([file], labels, manifest)).out).toContain(': Wait:');
    expect((await policyTest([file], [`--target-${labels[0]?.slice(2)}`, labels[1] ?? ''], manifest)).code).toBe(0);
  });

  test('is the same in JSON and YAML', async () => {
    const file = policyFile({ approval: { mode: 'Always' }, replicas: { max: 4 } });
    const json: unknown = JSON.parse((await policyTest([file], [...THURSDAY, '-o', 'json'])).out);
    expect(load((await policyTest([file], [...THURSDAY, '-o', 'yaml'])).out)).toEqual(json);
    expect(json).toMatchObject({
      allowed: false,
      at: '2026-11-19T12:00:00.000Z',
      documents: [
        {
          file: 'stdin',
          line: 1,
          namespace: 'shop',
          decision: 'Refuse',
          considered: [
            { policy: 'one', rule: 'replicas.max', result: 'Refuse' },
            { policy: 'one', rule: 'approval', result: 'Approval' },
          ],
          approval: { approvals: 1, timeToLiveMs: 86_400_000, author: 'Refuse' },
          inputs: { policies: [{ name: 'one' }] },
        },
      ],
    });
  });

  test.each(['json', 'yaml'])('as %s comes with all that is wrong beside it', async (format) => {
    const data = async (policies: readonly string[], input: string) => {
      const { code, out, err } = await policyTest(policies, ['-o', format, ...THURSDAY], input);
      expect([code, err]).toEqual([2, '']);
      return load(out);
    };
    const bad = INTENT.replace('5', '101');
    expect(await data([policyFile(MAX_4)], `${INTENT}---\n${bad}`)).toMatchObject({
      allowed: false,
      documents: [{ file: 'stdin', line: 1, decision: 'Refuse' }],
      invalid: [{ file: 'stdin', line: 7, valid: false, findings: [{ code: 'out-of-range', pointer: '/replicas' }] }],
      policies: [],
      errors: [],
    });
    // A verdict without one of the policies could be milder than the true one.
    const files = [policyFile(MAX_4), policyFile({ replica: {} }, 'two'), '/nowhere/policy.yaml'];
    expect(await data(files, INTENT)).toMatchObject({
      allowed: false,
      documents: [],
      invalid: [],
      policies: [{ file: files[1], line: 1, code: 'unknown-field' }],
      errors: [{ file: '/nowhere/policy.yaml', message: 'no such file: /nowhere/policy.yaml' }],
    });
  });

  test('shows nothing raw of what files and flags say', async () => {
    const evil = '\u001b[2J\u202e';
    const file = policyFile({ require: { source: evil } });
    const { out, err } = await policyTest([file], ['--autoscaler', evil, '--owner', evil]);
    expect((out + err).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u);
  });
});
