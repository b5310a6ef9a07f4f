import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { groupOf, isCustomKind } from '../../../src/api/custom-kind.ts';
import { TARGET_KINDS, type TargetKind } from '../../../src/api/guards/requester.ts';
import { readPage } from '../../support/docs/pages.ts';
import { type KubernetesObject, renderChart } from '../../support/helm.ts';
import { isRole, type Right, rightInWords, rightsOf } from '../../support/rights.ts';

// docs/security.md explains each right; here the table is compared with what the chart renders, for all values that matter.

interface Line {
  readonly where: string;
  readonly resource: string;
  /** In words: `its own`. Undefined: any name. */
  readonly only: string | undefined;
  readonly verb: string;
  /** Values that must be true. */
  readonly needs: readonly string[];
  /** The file of the code that asks. */
  readonly code: string;
}

const LINE =
  /^\| (?<where>Intents|Targets|Cluster|Release) \| `(?<resource>[^`]+)`(?:, only (?<only>[^|]+))? \| `(?<verb>[a-z]+)` \| (?<needs>[^|]*)\| [^|]+`(?<code>src\/[^`]+)`[^|]+ \| [^|]+ \|$/gm;

const LINES: readonly Line[] = [...readPage('docs/security.md').text.matchAll(LINE)].map(({ groups }) => ({
  where: groups?.where ?? '',
  resource: groups?.resource ?? '',
  only: groups?.only,
  verb: groups?.verb ?? '',
  needs: [...(groups?.needs ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  code: groups?.code ?? '',
}));

const RELEASE = 'patchgen-system';
const ROLLOUT: TargetKind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', resource: 'rollouts' };

interface Values {
  readonly watchNamespaces: readonly string[];
  readonly allowedTargetNamespaces: readonly string[];
  readonly leaderElectionId: string;
  readonly targets: readonly TargetKind[];
  /** `policies`, `livePlans`, … */
  readonly switches: ReadonlySet<string>;
}

/** What the page promises for these values. */
const promised = (values: Values): readonly Right[] =>
  LINES.filter(({ needs }) => needs.every((name) => values.switches.has(name))).flatMap((line) =>
    placesOf(line, values).flatMap((namespace) =>
      resourcesOf(line, values).map(([group, resource]) => ({
        group,
        resource,
        verb: line.verb,
        names: namesOf(line, values),
        namespace,
      })),
    ),
  );

function placesOf({ where, resource }: Line, values: Values): readonly (string | undefined)[] {
  const { watchNamespaces, allowedTargetNamespaces } = values;
  if (where === 'Release') return [RELEASE];
  if (where === 'Cluster' || watchNamespaces.length === 0) return [undefined];
  if (where === 'Targets') return [...new Set([...watchNamespaces, ...allowedTargetNamespaces])];
  if (resource !== 'events.k8s.io/events') return watchNamespaces;
  return [...new Set([...watchNamespaces, RELEASE, ...(values.switches.has('policies') ? ['default'] : [])])];
}

function resourcesOf({ resource, only }: Line, { targets }: Values): readonly (readonly [string, string])[] {
  if (only === 'those of targets' && definitionsOf(targets).length === 0) return [];
  if (resource.startsWith('<target>')) {
    const subresource = resource.slice('<target>'.length);
    return targets.map((target) => [groupOf(target.apiVersion), `${target.resource}${subresource}`]);
  }
  const at = resource.indexOf('/');
  return [[resource.slice(0, at), resource.slice(at + 1)]];
}

function namesOf({ only }: Line, { targets, leaderElectionId }: Values): readonly string[] {
  switch (only) {
    case undefined:
      return [];
    case 'its own':
      return [leaderElectionId === '' ? 'patchgen' : leaderElectionId];
    case 'those of targets':
      return definitionsOf(targets);
    case 'the two about names':
      return ['approver.patchgen.dev', 'requested-by.patchgen.dev'];
    default:
      throw new Error(`what is: only ${only}?`);
  }
}

const definitionsOf = (targets: readonly TargetKind[]): readonly string[] =>
  targets
    .filter(({ apiVersion }) => isCustomKind(apiVersion))
    .map(({ apiVersion, resource }) => `${resource}.${groupOf(apiVersion)}`);

const inOrder = (rights: readonly Right[]): readonly string[] => rights.map(rightInWords).toSorted();

/** Everything optional, so that nothing optional brings a right of its own. */
const EVERYTHING = {
  networkPolicy: { enabled: true },
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
  persistence: { mode: 'shared' },
};

const SWITCHES = ['policies', 'livePlans', 'approvalGuard', 'planDryRun', 'leaderElect'] as const;
const EVERYWHERE: readonly string[] = [];
const SCOPES: readonly (readonly string[])[] = [EVERYWHERE, ['shop'], ['shop', 'default'], ['shop', RELEASE]];

/** Every combination of what is on and off; the other values take turns, so that each of them meets each of these. */
const CASES: readonly Values[] = Array.from({ length: 2 ** SWITCHES.length }, (_, turn) => ({
  switches: new Set<string>(SWITCHES.filter((__, bit) => (turn & (2 ** bit)) === 0)),
  watchNamespaces: SCOPES[turn % 5] ?? EVERYWHERE,
  allowedTargetNamespaces: turn % 7 < 3 ? [] : ['apps', 'shop'],
  leaderElectionId: turn % 11 < 6 ? '' : 'mine',
  targets: turn % 3 === 1 ? [...TARGET_KINDS, ROLLOUT] : TARGET_KINDS,
}));

/** As the chart takes them. */
function chartValues({ switches, ...others }: Values): object {
  const on = (name: (typeof SWITCHES)[number]): boolean => switches.has(name);
  return {
    ...others,
    ...(switches.size % 2 === 0 ? EVERYTHING : {}),
    policies: on('policies'),
    livePlans: on('livePlans'),
    approvalGuard: on('approvalGuard'),
    planDryRun: on('planDryRun'),
    leaderElect: on('leaderElect'),
    replicas: on('leaderElect') ? 2 : 1,
  };
}

const inWords = ({ switches, ...others }: Values): string =>
  JSON.stringify({ ...others, targets: others.targets.length, on: [...switches].join(' ') });

test.each(CASES.map((values) => [inWords(values), values] as const))(
  'the page tells exactly what the chart grants with %s',
  async (_, values) => {
    const objects = await renderChart({ values: chartValues(values), namespace: RELEASE });
    expect(inOrder(rightsOf(objects))).toEqual(inOrder(promised(values)));
    expect(objects.filter(isRole).flatMap(unusual)).toEqual([]);
  },
);

test('the cases above meet: each switch is on and off in each scope and with each kind of targets', () => {
  const met = (holds: (values: Values) => boolean): number => CASES.filter(holds).length;
  for (const name of SWITCHES)
    for (const on of [true, false]) {
      const now = ({ switches }: Values): boolean => switches.has(name) === on;
      for (const scope of SCOPES)
        expect(
          met((it) => now(it) && it.watchNamespaces === scope),
          `${name} ${on} ${scope}`,
        ).toBeGreaterThan(0);
      for (const custom of [true, false])
        expect(met((it) => now(it) && it.targets.includes(ROLLOUT) === custom)).toBeGreaterThan(0);
    }
});

/** Parts of a rule that the comparison of rights does not look at, and rules that are none. */
function unusual(role: KubernetesObject & { readonly rules: readonly object[] }): readonly object[] {
  const known = new Set(['apiGroups', 'resources', 'resourceNames', 'verbs']);
  if (role.aggregationRule !== undefined) return [role];
  return role.rules.filter((rule) => Object.keys(rule).some((key) => !known.has(key)));
}

test('no line of the page is a wildcard, a write to more than statuses, Events and the Lease, or a right on Secrets, pods or rights', () => {
  expect(new Set(LINES.map(({ resource }) => resource))).toEqual(
    new Set([
      'patchgen.dev/patchintents',
      'patchgen.dev/patchintents/status',
      'patchgen.dev/patchapprovals',
      'patchgen.dev/patchpolicies',
      'patchgen.dev/patchpolicies/status',
      'events.k8s.io/events',
      '<target>',
      '<target>/scale',
      'autoscaling/horizontalpodautoscalers',
      'keda.sh/scaledobjects',
      '/namespaces',
      'admissionregistration.k8s.io/validatingadmissionpolicies',
      'admissionregistration.k8s.io/validatingadmissionpolicybindings',
      'apiextensions.k8s.io/customresourcedefinitions',
      'coordination.k8s.io/leases',
    ]),
  );
  const reads = new Set(['get', 'list', 'watch']);
  const writes = LINES.filter(({ verb }) => !reads.has(verb)).map(({ resource, verb }) => `${verb} ${resource}`);
  expect(writes.toSorted()).toEqual([
    'create coordination.k8s.io/leases',
    'create events.k8s.io/events',
    'patch <target>',
    'patch events.k8s.io/events',
    'update coordination.k8s.io/leases',
    'update patchgen.dev/patchintents/status',
    'update patchgen.dev/patchpolicies/status',
  ]);
});

test('the code that the page names is there', () => {
  for (const { code } of LINES) expect(existsSync(join(import.meta.dirname, '../../..', code)), code).toBe(true);
});

test('a line of the table that this test cannot read is found out', () => {
  const rows = readPage('docs/security.md').text.split('\n');
  const first = rows.findIndex((row) => row.startsWith('| where | resource | verb |'));
  const end = rows.indexOf('', first);
  expect(LINES).toHaveLength(end - first - 2);
});
