import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../src/config/kinds.ts';
import { fileKeyOf, loadSettings, rowOf, SETTING_NAMES, type SettingName } from '../../../src/config.ts';
import { at, CHART, only, type RenderOptions, refusal, renderChart } from '../../support/helm.ts';

// The values of the chart are the settings of the operator: same names, same defaults, same limits, passed as flags.

/** Settings that a pod finds by itself. */
const FOUND: readonly SettingName[] = ['kubeconfig', 'context', 'leaderElectionNamespace'];
const NAMES = SETTING_NAMES.filter((name) => !FOUND.includes(name));
const keyOf = (name: SettingName): string => fileKeyOf(rowOf(name).flag);

const values = load(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Readonly<Record<string, unknown>>;
const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as {
  properties: Record<string, { $ref?: string; type?: unknown }>;
};
// One type for text and numbers: that is how Helm's own --set writes them.
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
const accepted = (key: string, value: unknown): boolean => accepts({ ...values, [key]: value });

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value));

/** The flags of the operator's container, as commander would hand them out. */
async function flagsOf(options: RenderOptions): Promise<Readonly<Record<string, string>>> {
  const args = at(only(await renderChart(options), 'Deployment'), 'spec.template.spec.containers.0.args') as string[];
  expect(args[0]).toBe('run');
  return Object.fromEntries(
    args.slice(1).map((arg) => {
      const [, flag = '', text = ''] = /^--([^=]+)=(.*)$/.exec(arg) ?? [];
      return [fileKeyOf(flag), text];
    }),
  );
}

const settings = (flags: Readonly<Record<string, string>>): ReturnType<typeof loadSettings> =>
  loadSettings(flags, {}, () => '');

test('every setting that a pod does not find by itself is a value, with the same default', () => {
  expect(accepts(values), JSON.stringify(accepts.errors)).toBe(true);
  for (const name of NAMES) {
    const key = keyOf(name);
    expect(Object.keys(values), key).toContain(key);
    // The Lease is named after the release.
    if (name === 'leaderElectionId') expect(values[key]).toBe('');
    else expect(textOf(values[key]), key).toBe(rowOf(name).default);
  }
  for (const name of FOUND) expect(Object.keys(values)).not.toContain(keyOf(name));
});

test('with its defaults the chart starts the operator with its defaults', async () => {
  expect(settings(await flagsOf({}))).toEqual(settings({}));
});

const OTHERS: Readonly<Record<string, unknown>> = {
  outputDir: '/data/packages',
  minFreeSpace: 1_073_741_824,
  gcGrace: '90m',
  brakeCount: 1_000_000,
  brakeFraction: 0.125,
  takeOver: true,
  workers: 256,
  resyncInterval: '1h30m',
  validationTimeout: '1500ms',
  strictMode: true,
  livePlans: false,
  planDryRun: true,
  policies: false,
  approvalGuard: false,
  watchNamespaces: ['shop', 'payments'],
  allowedTargetNamespaces: ['apps'],
  leaderElect: false,
  leaderElectionId: 'mine.example',
  leaderElectionLeaseDuration: '60s',
  leaderElectionRenewDeadline: '40s',
  leaderElectionRetryPeriod: '5s',
  metricsBindAddress: '[::]:9090',
  healthProbeBindAddress: '0.0.0.0:9091',
  debug: true,
};

test('every value reaches the operator as it was meant', async () => {
  expect(Object.keys(OTHERS).toSorted()).toEqual(NAMES.map(keyOf).toSorted());
  const told = settings(await flagsOf({ values: { ...OTHERS, replicas: 1 } }));
  const meant = settings(Object.fromEntries(Object.entries(OTHERS).map(([key, value]) => [key, textOf(value)])));
  expect(told).toEqual(meant);
  const usual = settings({});
  for (const name of NAMES) expect(told[name], name).not.toEqual(usual[name]);
});

test.each([0, 1, 0.00005, 0.1, 1 / 3, 1e-15])(
  'the fraction %d is written in digits that the operator reads',
  async (fraction) => {
    const { brakeFraction } = settings(await flagsOf({ values: { brakeFraction: fraction } }));
    expect(brakeFraction).toBeCloseTo(fraction, 11);
  },
);

const TEXTS: readonly string[] = [
  ...[
    '0',
    '1',
    '8',
    '256',
    '257',
    '1000000',
    '1000001',
    '-1',
    '+1',
    '1e3',
    '0.5',
    '.5',
    '1.0',
    '1.5',
    '0.',
    'NaN',
    'x',
  ],
  ...[
    '10m',
    '1h30m',
    '1.5h',
    '.5s',
    '5.s',
    '250ms',
    '1us',
    '1µs',
    '1μs',
    '1ns',
    '1d',
    '1 h',
    '1h 30m',
    'h',
    '-1h',
    '0s',
  ],
  ...['1Mi', '500M', '1.5Gi', '1k', '1K', '1Ki', '1T', '1P', '1mi', 'Mi', '1 Mi', '1MiB'],
  ...['a', 'a-b', 'A', '-a', 'a-', 'a.b', 'a..b', '1a', 'a_b', 'ä', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(254)],
  ...[
    ':8080',
    ':0',
    ':65535',
    ':65536',
    ':99999',
    '8080',
    '0.0.0.0:80',
    '[::]:80',
    'host:80',
    '127.0.0.1:80',
    ':x',
    '::',
  ],
  ...['/data', '/', 'data', '/a b', '/a/../b', '/a//b', '/a/', '/a\n', '', ' ', 'true', 'false', 'yes', 'a,b'],
];

/** Where the chart is stricter than the operator, and why. */
const STRICTER: Readonly<Record<string, (text: string) => boolean>> = {
  // A free port, or one of a single interface, is of no use to the kubelet and a Service.
  metricsBindAddress: (text) => text === ':0' || /^(host|127)/.test(text),
  healthProbeBindAddress: (text) => text === ':0' || /^(host|127)/.test(text),
  // It is the path of a volume as well.
  outputDir: (text) => !/^(\/[A-Za-z0-9._-]+)+$/.test(text) || text.includes('..'),
};

/** Values as people write them: numbers and truth without quotes, lists as lists. */
function valueOf(key: string, text: string): unknown {
  if (Array.isArray(values[key])) return text.split(',');
  if (typeof values[key] === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (typeof values[key] === 'number' && text !== 'NaN' && String(Number(text)) === text) return Number(text);
  return text;
}

/** The limits of durations are beyond a schema; the templates hold them, see below. */
const isDuration = (key: string): boolean => schema.properties[key]?.$ref === '#/$defs/duration';

describe('the schema of the chart accepts what the operator accepts, and nothing else', () => {
  test.each(NAMES.map((name) => [keyOf(name), name] as const))('%s', (key, name) => {
    const { parse } = rowOf(name).kind;
    for (const text of TEXTS) {
      if (text === '' || text === ' ') continue; // Not given, to the operator.
      const operator = isDuration(key) ? parseDuration(text) !== undefined : parse(text) !== undefined;
      const expected = operator && STRICTER[key]?.(text) !== true;
      expect(accepted(key, valueOf(key, text)), `${key}: ${JSON.stringify(text)}`).toBe(expected);
    }
  });
});

test.each(NAMES.filter((name) => isDuration(keyOf(name))))(
  '%s has the same limits as in the operator',
  async (name) => {
    const key = keyOf(name);
    const { allowed } = rowOf(name).kind;
    const [, least = ''] = /at least (\S+),/.exec(allowed) ?? [];
    expect(least, allowed).not.toBe('');
    const told = await refusal({ values: { [key]: '597h' } });
    expect(told).toContain(`${key} must be a duration of at least ${least} and at most 24 days, got 597h`);
    const below = `${Math.round((parseDuration(least) ?? 0) * 1e6) - 1}ns`;
    if (least !== '0s') expect(await refusal({ values: { [key]: below } })).toContain(`${key} must be a duration`);
    expect(rowOf(name).kind.parse('597h')).toBeUndefined();
    const others = {
      leaderElectionLeaseDuration: '575h',
      leaderElectionRenewDeadline: '574h',
      leaderElectionRetryPeriod: '10ms',
    };
    const fitting =
      key in others ? { ...others, ...(key.endsWith('RetryPeriod') ? { [key]: least } : {}) } : { [key]: least };
    expect(await flagsOf({ values: fitting })).toMatchObject(fitting);
  },
);
