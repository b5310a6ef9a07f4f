import { isCustomKind } from '../api/custom-kind.ts';
import type { Plan } from './change.ts';

/** The package's README.md. Part of the frozen bytes: general words only, never a live value. */
export function readme(packageName: string, patchFile: string, plan: Plan): string {
  const { kind, name, namespace, apiVersion } = plan.change.target;
  // kubectl sends a strategic merge patch unless told otherwise, and custom kinds know none.
  const patch = isCustomKind(apiVersion) ? 'kubectl patch --type merge' : 'kubectl patch';
  return `# ${packageName}

${kind} \`${name}\` (${apiVersion}) in namespace \`${namespace}\`: ${plan.summary}

\`${patchFile}\` holds this change and nothing else. Patchgen wrote this folder from a PatchIntent; to change it,
change the intent. Copy the folder (\`cp -RL\`) before you work in it.

## kustomize

Name the folder as a component of the kustomization that holds the target:

\`\`\`yaml
components:
  - ${packageName}
\`\`\`

\`kustomize build\` then gives the target with this change, and fails when the target is missing. If that kustomization
itself sets the namespace of the target, name the component in a kustomization one level above.

## kubectl

\`\`\`sh
${patch} --filename ${patchFile} --patch-file ${patchFile} --dry-run=server --output yaml
${patch} --filename ${patchFile} --patch-file ${patchFile}
\`\`\`

## kpt

\`kpt pkg tree\` shows the package; \`kpt fn render\` has nothing to run. Keep the folder out of packages that
\`kpt live apply\` sends: the patch is a part of an object, never to be applied or pruned as a whole. \`.krmignore\`
tells kpt so.

## Undo

${plan.undo}
`;
}
