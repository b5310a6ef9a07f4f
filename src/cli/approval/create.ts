import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { isRecord } from '../status/read.ts';
import { approvalObject, approvalsPath, type NewApproval, NO_KIND } from './read.ts';

/** The stored object and its name. */
export interface Created {
  readonly name: string;
  readonly object: unknown;
}

/** Creates the PatchApproval as the caller. Rejects with the words of the server and what to do, where it refuses. */
export async function createApproval(client: KubeClient, wanted: NewApproval): Promise<Created> {
  try {
    const path = approvalsPath(wanted.namespace);
    const { body } = await client.request({ method: 'POST', path, body: approvalObject(wanted) });
    const metadata = isRecord(body) && isRecord(body.metadata) ? body.metadata : {};
    const { managedFields: _, ...shown } = metadata;
    return { name: String(metadata.name), object: isRecord(body) ? { ...body, metadata: shown } : body };
  } catch (error) {
    throw error instanceof ApiError ? refusalOf(error, wanted) : error;
  }
}

function refusalOf(error: ApiError, wanted: NewApproval): Error {
  return new Error(`the API server refuses the decision: ${error.message}; ${adviceFor(error, wanted)}`, {
    cause: error,
  });
}

function adviceFor({ status, message }: ApiError, { namespace, approver, intent }: NewApproval): string {
  if (message.includes('ValidatingAdmissionPolicy')) {
    return `an admission policy stands against it: decide under your own name (${approver}), or ask whoever installed the policy`;
  }
  if (status === 403) {
    return `have somebody bind you to the role patchgen-approver (config/access/roles.yaml) in namespace ${namespace}, or grant you create on patchapprovals.patchgen.dev there`;
  }
  if (status === 404) return NO_KIND;
  if (status === 401) return 'log in again, or renew the token of the kubeconfig';
  return `see what is there: kubectl get patchapprovals -n ${namespace} --field-selector spec.intent=${intent}`;
}
