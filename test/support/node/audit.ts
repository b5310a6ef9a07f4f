import { expect } from 'vitest';
import type { AttachedNode } from '../../../tools/node/attached.ts';
import { inWords, isForbidden, readAudit } from '../audit.ts';
import type { Release } from './release.ts';

/** Everything that the operator's account asked for since the node's start was granted, and it did ask. */
export function expectNoRefusals(node: AttachedNode, { fullname, namespace }: Release): void {
  const account = `system:serviceaccount:${namespace}:${fullname}`;
  const records = readAudit(node.auditLogPath ?? '').records.filter(({ user }) => user.username === account);
  expect(records.map(inWords).some((words) => words.startsWith('watch patchintents'))).toBe(true);
  expect(records.filter(isForbidden).map(inWords)).toEqual([]);
}
