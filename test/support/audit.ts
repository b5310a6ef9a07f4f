import { readFileSync } from 'node:fs';

/** What the API server's audit log says of one request. */
export interface AuditRecord {
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  /** Absent for discovery and other paths that are no resource. */
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

const READS = new Set(['get', 'list', 'watch']);

/** The records of a log from line `from` on, and how many lines it has now. A line that is just being written is left for later. */
export function readAudit(path: string, from = 0): { readonly records: readonly AuditRecord[]; readonly end: number } {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return { records: lines.slice(from).map((line) => JSON.parse(line) as AuditRecord), end: lines.length };
}

export const isWrite = ({ verb }: AuditRecord): boolean => !READS.has(verb);

/**
 * Refused for want of a right. Other refusals with 403 come from admission: a namespace that is being deleted takes no
 * new Event, whoever sends it.
 */
export const isForbidden = ({ responseStatus, annotations }: AuditRecord): boolean =>
  responseStatus?.code === 403 && annotations?.['authorization.k8s.io/decision'] !== 'allow';

/** `update patchintents/status of shop/web → 403`, for messages. */
export function inWords({ verb, requestURI, objectRef, responseStatus }: AuditRecord): string {
  const { resource, subresource, namespace, name } = objectRef ?? {};
  const what = resource === undefined ? requestURI : `${resource}${subresource === undefined ? '' : `/${subresource}`}`;
  const of = resource === undefined ? '' : ` of ${[namespace, name].filter(Boolean).join('/') || 'all namespaces'}`;
  return `${verb} ${what}${of} → ${responseStatus?.code}`;
}
