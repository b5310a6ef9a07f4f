import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LeaseSpec } from '../../../src/runtime/lease.ts';

/** One answered request as the API server recorded it: who, what, when. Times are the server's, in milliseconds. */
export interface Act {
  /** The address that the request came from. */
  readonly from: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
  readonly receivedAt: number;
  readonly answeredAt: number;
  /** Of Lease writes: what was asked for. */
  readonly spec: LeaseSpec | undefined;
}

interface Record {
  readonly stage: string;
  readonly verb: string;
  readonly sourceIPs?: readonly string[];
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: { readonly spec?: LeaseSpec };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** Lease writes with what they say, reads of intents, and every other write; each once, when it is answered. */
const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [
    {
      level: 'Request',
      verbs: ['create', 'update', 'patch', 'delete'],
      resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }],
    },
    {
      level: 'Metadata',
      verbs: ['get', 'list', 'watch'],
      resources: [{ group: 'patchgen.dev', resources: ['patchintents'] }],
    },
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};

/** A file with the audit policy that the judgement needs, for `--audit-policy-file`. */
export function auditPolicyFile(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'patchgen-audit-'));
  const path = join(folder, 'policy.json');
  writeFileSync(path, JSON.stringify(POLICY));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Everything that the audit log holds so far, in the order in which it was answered. */
export function readTrail(auditLogPath: string): readonly Act[] {
  const lines = readFileSync(auditLogPath, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => actOf(JSON.parse(line) as Record)).toSorted((a, b) => a.answeredAt - b.answeredAt);
}

function actOf({ sourceIPs = [], verb, objectRef = {}, responseStatus, requestObject, ...times }: Record): Act {
  const { resource = '', subresource, namespace = '', name = '' } = objectRef;
  return {
    from: sourceIPs[0] ?? '',
    verb,
    resource,
    subresource,
    namespace,
    name,
    code: responseStatus?.code ?? 0,
    receivedAt: Date.parse(times.requestReceivedTimestamp) + microseconds(times.requestReceivedTimestamp),
    answeredAt: Date.parse(times.stageTimestamp) + microseconds(times.stageTimestamp),
    spec: requestObject?.spec,
  };
}

/** What `Date.parse` leaves out of `….123456Z`. */
function microseconds(time: string): number {
  const fraction = /\.\d{3}(\d+)Z$/.exec(time)?.[1];
  return fraction === undefined ? 0 : Number(`0.${fraction}`);
}
