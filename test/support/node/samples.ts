/** The intents of `config/samples` on the real node, and what becomes of them. */
import type { AttachedNode } from '../../../tools/node/attached.ts';
import { eventually } from '../eventually.ts';
import type { Release } from './release.ts';

/** Those that get a package; the others are a dry run and a suspended one. */
export const PUBLISHED: readonly string[] = ['legacy-cart', 'night-batch-off', 'orders-db', 'sale-rush', 'web'];
export const SAMPLES_NAMESPACE = 'shop';

/** Resolves once each of them has its package. */
export async function applySamples({ kubectl }: AttachedNode): Promise<void> {
  await kubectl(['apply', '-f', 'config/samples']);
  const intents = PUBLISHED.map((name) => `pi/${name}`);
  await kubectl(['wait', '-n', SAMPLES_NAMESPACE, '--for=condition=Ready', ...intents, '--timeout=60s']);
}

/** Resolves once the volume of this pod holds every package, whole. */
export async function everyPackageIsIn(node: AttachedNode, { namespace }: Release, pod: string): Promise<void> {
  const verify = ['exec', '-n', namespace, pod, '--', 'patchgen', 'verify', '/var/lib/patchgen'];
  await eventually(`${pod} has every package`, async () => {
    const { code, stdout } = await node.kubectl(verify, { allowFailure: true });
    return code === 0 && PUBLISHED.every((name) => stdout.includes(`✓ ${SAMPLES_NAMESPACE}/${name} `));
  });
}
