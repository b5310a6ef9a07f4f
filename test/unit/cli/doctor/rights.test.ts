import { readFileSync } from 'node:fs';

import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import {
  APPROVALS,
  AUTOSCALERS,
  GUARD,
  INTENTS,
  type Permission,
  POLICIES,
  permissionText,
  SCALED_OBJECTS,
  TARGETS,
} from '../../../../src/cli/doctor/rights.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What the ClusterRole of the chart's defaults grants, one right each. */
function granted(): readonly Permission[] {
  const text = readFileSync('config/rbac/cluster-role.yaml', 'utf8');
  const role = (loadAll(text) as { kind: string; rules?: Rule[] }[]).find(({ kind }) => kind === 'ClusterRole');
  return (role?.rules ?? []).flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((what) =>
        resourceNames.flatMap((name) => verbs.map((verb) => permissionOf(verb, group, what, name))),
      ),
    ),
  );
}

function permissionOf(verb: string, group: string, what: string, name: string | undefined): Permission {
  const [resource = '', subresource] = what.split('/');
  return { verb, group, resource, ...(subresource && { subresource }), ...(name && { name }) };
}

const texts = (permissions: readonly Permission[]) => permissions.map(permissionText).toSorted();

test('doctor asks for what the chart grants by default, no more and no less', () => {
  const asked = [
    ...INTENTS,
    ...APPROVALS,
    ...POLICIES,
    ...GUARD,
    ...AUTOSCALERS,
    ...SCALED_OBJECTS,
    ...TARGETS.flatMap(({ scale, metadata }) => [scale, metadata]),
  ];
  expect(texts(asked)).toEqual(texts(granted()));
});
