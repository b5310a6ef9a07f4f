import { API_VERSION, GROUP, VERSION } from '../../api/types.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import type { Approval } from '../../reconcile/permit/approvals.ts';
import { projectApproval } from '../../reconcile/permit/project-approval.ts';
import { wellFormed } from '../plan/well-formed.ts';
import { isRecord } from '../status/read.ts';

/** A decision as people want to see it. */
export interface Decision extends Approval {
  readonly comment?: string;
}

/** What could not be read, and why: never the same as nothing being there. */
export interface Unread {
  readonly unread: string;
}

/** Who the API server takes the caller for. Source: authentication.k8s.io/v1 SelfSubjectReview, open to every user who is logged in. */
export async function whoAmI(client: KubeClient): Promise<string> {
  const { body } = await client.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  const status = isRecord(body) && isRecord(body.status) ? body.status : {};
  const name = isRecord(status.userInfo) ? status.userInfo.username : undefined;
  if (typeof name !== 'string' || name === '') throw new Error('the API server does not say who you are');
  return name;
}

/** All decisions on an intent, the oldest first. */
export async function listDecisions(
  client: KubeClient,
  namespace: string,
  intent: string,
): Promise<readonly Decision[] | Unread> {
  const path = approvalsPath(namespace);
  try {
    const { body } = await client.request({ method: 'GET', path, query: { fieldSelector: `spec.intent=${intent}` } });
    const items: readonly unknown[] = isRecord(body) && Array.isArray(body.items) ? body.items : [];
    return items.flatMap(decisionOf).toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return { unread: error.message };
    if (error instanceof ApiError && error.status === 404) return { unread: NO_KIND };
    throw error;
  }
}

export const NO_KIND =
  'the cluster does not know PatchApprovals; install the definitions with: patchgen crd | kubectl apply --server-side -f -';

export const approvalsPath = (namespace: string): string =>
  `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/patchapprovals`;

/** As the operator reads it, with what is for people only. */
function decisionOf(raw: unknown): readonly Decision[] {
  return wellFormed(projectApproval, raw)
    .filter(({ withdrawn }) => !withdrawn)
    .map(({ name, uid, createdAt, planDigest, decision, approver }) => ({
      ...{ name, uid, createdAt, planDigest, decision, approver },
      ...commentOf(raw),
    }));
}

function commentOf(raw: unknown): Pick<Decision, 'comment'> {
  const comment = isRecord(raw) && isRecord(raw.spec) ? raw.spec.comment : undefined;
  return typeof comment === 'string' && comment !== '' ? { comment } : {};
}

/** The object that says what the caller decided. It goes when the intent goes. */
export interface NewApproval {
  readonly namespace: string;
  readonly intent: string;
  readonly intentUid: string;
  readonly planDigest: string;
  readonly decision: 'Approve' | 'Reject';
  readonly approver: string;
  readonly comment?: string;
}

export function approvalObject({ namespace, intent, intentUid, planDigest, decision, approver, comment }: NewApproval) {
  return {
    apiVersion: API_VERSION,
    kind: 'PatchApproval',
    metadata: {
      generateName: `${intent}-`,
      namespace,
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'PatchIntent', name: intent, uid: intentUid }],
    },
    spec: { intent, planDigest, decision, approver, ...(comment === undefined ? {} : { comment }) },
  };
}
