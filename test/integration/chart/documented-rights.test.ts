import { expect, test } from 'vitest';
import { readPage } from '../../support/docs/pages.ts';
import { type KubernetesObject, renderChart } from '../../support/helm.ts';
import { isRole, type Right, rightInWords, rightsOf } from '../../support/rights.ts';

// docs/security.md explains each right; here the table is compared with what the chart renders, for all values that matter.

interface Line {
  readonly where: string;
  readonly resource: string;
  readonly onlyItsOwn: boolean;
  readonly verb: string;
}

const LINE =
  /^\| (?<where>Intents|Release) \| `(?<resource>[^`]+)`(?<own>, only its own)? \| `(?<verb>[a-z]+)` \| [^|]+`src\/[^|]+ \| [^|]+ \|$/gm;

const LINES: readonly Line[] = [...readPage('docs/security.md').text.matchAll(LINE)].map(({ groups }) => ({
  where: groups?.where ?? '',
  resource: groups?.resource ?? '',
  onlyItsOwn: groups?.own !== undefined,
  verb: groups?.verb ?? '',
}));

const RELEASE = 'patchgen-system';

interface Values {
  readonly watchNamespaces?: readonly string[];
  readonly leaderElect?: boolean;
  readonly leaderElectionId?: string;
}

/** What the page promises for these values. */
function promised({ watchNamespaces = [], leaderElect = true, leaderElectionId = '' }: Values): readonly Right[] {
  const own = leaderElectionId === '' ? 'patchgen' : leaderElectionId;
  return LINES.flatMap(({ where, resource: full, onlyItsOwn, verb }): readonly Right[] => {
    const [group = '', ...rest] = full.split('/');
    const right = { group, resource: rest.join('/'), verb, names: onlyItsOwn ? [own] : [] };
    if (where === 'Release') return leaderElect ? [{ ...right, namespace: RELEASE }] : [];
    if (watchNamespaces.length === 0) return [{ ...right, namespace: undefined }];
    const places = right.resource === 'events' ? [...watchNamespaces, RELEASE] : watchNamespaces;
    return [...new Set(places)].map((namespace) => ({ ...right, namespace }));
  });
}

const inOrder = (rights: readonly Right[]): readonly string[] => rights.map(rightInWords).toSorted();

/** Everything optional, so that nothing optional brings a right of its own. */
const EVERYTHING = {
  networkPolicy: { enabled: true },
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
  persistence: { mode: 'shared' },
};

const SCOPES: readonly (readonly string[])[] = [[], ['shop'], ['shop', 'payments'], ['shop', RELEASE]];
const CASES = SCOPES.flatMap((watchNamespaces) =>
  [true, false].flatMap((leaderElect) =>
    ['', 'mine'].flatMap((leaderElectionId) =>
      [{}, EVERYTHING].map((more) => ({
        ...more,
        watchNamespaces,
        leaderElect,
        leaderElectionId,
        replicas: leaderElect ? 2 : 1,
      })),
    ),
  ),
);

test.each(CASES.map((values) => [JSON.stringify(values), values] as const))(
  'the page tells exactly what the chart grants with %s',
  async (_, values) => {
    const objects = await renderChart({ values, namespace: RELEASE });
    expect(inOrder(rightsOf(objects))).toEqual(inOrder(promised(values)));
    expect(objects.filter(isRole).flatMap(unusual)).toEqual([]);
  },
);

/** Parts of a rule that the comparison of rights does not look at, and rules that are none. */
function unusual(role: KubernetesObject & { readonly rules: readonly object[] }): readonly object[] {
  const known = new Set(['apiGroups', 'resources', 'resourceNames', 'verbs']);
  if (role.aggregationRule !== undefined) return [role];
  return role.rules.filter((rule) => Object.keys(rule).some((key) => !known.has(key)));
}

test('no line of the page is a wildcard, a write to intents, or a right on Secrets, workloads or rights', () => {
  expect(LINES.length).toBeGreaterThan(8);
  expect(new Set(LINES.map(({ resource }) => resource))).toEqual(
    new Set([
      'patchgen.dev/patchintents',
      'patchgen.dev/patchintents/status',
      'events.k8s.io/events',
      'coordination.k8s.io/leases',
    ]),
  );
  const verbs = new Set(LINES.map(({ verb }) => verb));
  expect([...verbs].toSorted()).toEqual(['create', 'get', 'list', 'patch', 'update', 'watch']);
  const onIntents = LINES.filter(({ resource }) => resource === 'patchgen.dev/patchintents').map(({ verb }) => verb);
  expect(onIntents.toSorted()).toEqual(['get', 'list', 'watch']);
});

test('a line of the table that this test cannot read is found out', () => {
  const rows = readPage('docs/security.md').text.split('\n');
  const first = rows.findIndex((row) => row.startsWith('| where | resource | verb |'));
  const end = rows.indexOf('', first);
  expect(LINES).toHaveLength(end - first - 2);
});
