import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { between } from './between.ts';
import type { Output } from './output.ts';
import { valuesTable } from './values-reference.ts';

const CHART = 'charts/patchgen';

/** What the chart takes from elsewhere beside the CRDs: the version, the table of its own values. */
export function chartOutputs(root: string): readonly Output[] {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const readme = between(read(`${CHART}/README.md`), 'values', valuesTable(read(`${CHART}/values.yaml`)));
  return [
    { path: `${CHART}/Chart.yaml`, content: withVersion(read(`${CHART}/Chart.yaml`), version) },
    { path: `${CHART}/README.md`, content: readme },
    {
      path: 'config/argocd/argocd-cm.yaml',
      content: argoConfig({
        PatchIntent: read('config/argocd/health.lua'),
        PatchPolicy: read('config/argocd/policy-health.lua'),
      }),
    },
  ];
}

const withVersion = (chart: string, version: string): string =>
  chart.replace(/^version: .*$/m, `version: ${version}`).replace(/^appVersion: .*$/m, `appVersion: "${version}"`);

/** A patch of Argo CD's own ConfigMap, from scripts by kind. Source: Argo CD's manual, "Resource Health", custom health checks. */
function argoConfig(scripts: Readonly<Record<string, string>>): string {
  const indented = (script: string): string => script.trimEnd().replaceAll(/^(?=.)/gm, '    ');
  const entries = Object.entries(scripts).map(
    ([kind, script]) => `  resource.customizations.health.patchgen.dev_${kind}: |\n${indented(script)}\n`,
  );
  return `# Written by npm run generate from health.lua and policy-health.lua; do not edit.
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
data:
${entries.join('')}`;
}
