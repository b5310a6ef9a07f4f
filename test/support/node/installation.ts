/** A release in a namespace of its own on the shared node, for one test file; everything goes with it. */
import type { AttachedNode } from '../../../tools/node/attached.ts';
import type { Helm } from '../helm.ts';
import { type Release, release } from './release.ts';
import { restrictedNamespace } from './restricted-namespace.ts';
import { SAMPLES_NAMESPACE } from './samples.ts';
import { type SharedNode, sharedNode } from './shared-node.ts';
import { type Volume, volumeFor } from './volume.ts';

export interface InstallationOptions {
  readonly namespace: string;
  /** Name of the release; default `patchgen`. */
  readonly name?: string;
  readonly values?: object;
  readonly helm?: Helm;
  /** Make a volume for the claim of the release. */
  readonly volume?: 'ReadWriteMany' | 'ReadWriteOnce';
}

export interface Installation extends SharedNode {
  readonly operator: Release;
  /** There when asked for. */
  readonly volume: Volume | undefined;
  /** stdout. */
  kubectl(...words: string[]): Promise<string>;
  /** Uninstalls, and deletes what an uninstall leaves: the CRDs, and both namespaces. */
  remove(): Promise<void>;
}

/** Resolves once the operator's pods are ready. What is half done is removed when it does not come to that. */
export async function install(options: InstallationOptions): Promise<Installation> {
  const shared = await sharedNode();
  const { node } = shared;
  const operator = release(node, options);
  const { namespace, fullname } = operator;
  await restrictedNamespace(node, namespace);
  const accessMode = options.volume;
  const claim = `${fullname}-packages`;
  const volume = accessMode === undefined ? undefined : await volumeFor(node, { namespace, claim, accessMode });
  const installation: Installation = {
    ...shared,
    operator,
    volume,
    kubectl: async (...words) => (await node.kubectl(words)).stdout,
    async remove() {
      if ((await operator.helm('list', '--short')) !== '') await operator.uninstall();
      await forget(node, namespace, volume);
    },
  };
  try {
    await operator.install(options.values);
  } catch (error) {
    await operator.uninstall().catch(() => undefined); // There may be nothing to uninstall.
    await forget(node, namespace, volume);
    throw error;
  }
  return installation;
}

/** What a cluster has once. */
const SINGLETONS = 'crd,validatingadmissionpolicies,validatingadmissionpolicybindings';

async function forget(node: AttachedNode, namespace: string, volume: Volume | undefined): Promise<void> {
  await node.kubectl(['delete', 'namespace', SAMPLES_NAMESPACE, namespace, '--ignore-not-found']);
  await node.kubectl(['delete', SINGLETONS, '--selector=app.kubernetes.io/name=patchgen']);
  await volume?.remove();
}
