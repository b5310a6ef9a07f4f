import { expect, test } from 'vitest';
import { createApproval } from '../../../../src/cli/approval/create.ts';
import { ApiError, type KubeClient } from '../../../../src/platform/kubernetes/client.ts';

const WANTED = {
  namespace: 'shop',
  intent: 'web',
  intentUid: 'u',
  planDigest: 'a'.repeat(64),
  decision: 'Approve',
  approver: 'alice',
} as const;

function refusing(error: Error): KubeClient {
  return {
    async request() {
      throw error;
    },
    watch: async function* () {},
    close: async () => {},
  };
}

test.each([
  [
    403,
    'User "alice" cannot create resource "patchapprovals"',
    'the role patchgen-approver (config/access/roles.yaml) in namespace shop',
  ],
  [403, "ValidatingAdmissionPolicy 'approver.patchgen.dev' denied request", 'decide under your own name (alice)'],
  [422, "ValidatingAdmissionPolicy 'approver.patchgen.dev' denied request", 'decide under your own name (alice)'],
  [404, 'the server could not find the requested resource', 'patchgen crd | kubectl apply'],
  [401, 'Unauthorized', 'log in again'],
  [409, 'quota', 'kubectl get patchapprovals -n shop --field-selector spec.intent=web'],
])('a refusal with %d is told in the words of the server, with what to do: %s', async (status, message, advice) => {
  const told = createApproval(refusing(new ApiError(status, 'Reason', message)), WANTED);
  await expect(told).rejects.toThrow(`the API server refuses the decision: ${message}; `);
  await expect(createApproval(refusing(new ApiError(status, 'Reason', message)), WANTED)).rejects.toThrow(advice);
});

test('a server that does not answer is another error', async () => {
  const error = new Error('no answer');
  await expect(createApproval(refusing(error), WANTED)).rejects.toBe(error);
});
