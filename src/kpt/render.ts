import type { Plan } from './change.ts';
import { changeDigest, packageDigest, packageName } from './digest.ts';
import { assertNames } from './names.ts';
import type { Package, PackageFile } from './package.ts';
import { readme } from './readme.ts';
import { yamlDocument, yamlString } from './yaml.ts';

/**
 * Renders the package of a plan: five files whose bytes depend on the plan's change and on nothing else. Pure: reads no
 * clock, file, host or setting.
 *
 * Throws Rejected InvalidPath when a name could lead out of a folder or breaks the name rules, and Rejected
 * MarshalFailed when a value has no exact form in JSON and YAML.
 */
export function renderPackage(plan: Plan): Package {
  const { change } = plan;
  assertNames(change);
  const digestOfChange = changeDigest(change);
  const name = packageName(change, digestOfChange);
  const patchFile = `${change.type}-patch.yaml`;
  // In byte order of the paths.
  const files: readonly PackageFile[] = [
    { path: '.krmignore', content: `${patchFile}\n` },
    { path: 'Kptfile', content: kptfile(name, plan) },
    { path: 'README.md', content: readme(name, patchFile, plan) },
    { path: 'kustomization.yaml', content: kustomization(patchFile) },
    { path: patchFile, content: yamlDocument(plan.patch) },
  ];
  let sizeBytes = 0;
  for (const file of files) sizeBytes += Buffer.byteLength(file.content);
  return { name, changeDigest: digestOfChange, digest: packageDigest(files), files, sizeBytes };
}

/** No pipeline: nothing in the package needs a container. local-config keeps `kpt live apply` from sending it. */
function kptfile(name: string, { change, summary }: Plan): string {
  const { kind, name: target, namespace } = change.target;
  return `apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: ${yamlString(name)}
  annotations:
    config.kubernetes.io/local-config: "true"
info:
  description: ${yamlString(`${kind} ${target} in namespace ${namespace}: ${summary}`)}
`;
}

function kustomization(patchFile: string): string {
  return `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - path: ${yamlString(patchFile)}
`;
}
