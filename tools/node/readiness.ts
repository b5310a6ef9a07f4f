import type { AttachedControlPlane } from '../control-plane/attached.ts';
import { NODE_NAME } from './layout.ts';

interface NodeObject {
  readonly spec?: { readonly taints?: readonly unknown[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** A pod that is created now will run: the node is Ready, its first taints are gone, and there is an account for the pod. */
export async function isReady(plane: AttachedControlPlane): Promise<boolean> {
  const account = await plane.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  const { body } = await plane.request('GET', `/api/v1/nodes/${NODE_NAME}`);
  const { spec, status } = body as NodeObject;
  const ready = (status?.conditions ?? []).some((it) => it.type === 'Ready' && it.status === 'True');
  return ready && (spec?.taints ?? []).length === 0 && account.status === 200;
}
