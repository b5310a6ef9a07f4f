import type { KubeClient } from '../platform/kubernetes/client.ts';

/** The part of a coordination.k8s.io/v1 Lease spec that leader election uses; field by field as client-go writes it. */
export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export interface Lease {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: LeaseSpec;
}

/** The three requests of leader election on one Lease. They reject as `KubeClient.request` does. */
export interface LeaseDoor {
  get(call: LeaseCall): Promise<Lease>;
  /** 409 AlreadyExists when another candidate was first. */
  create(spec: LeaseSpec, call: LeaseCall): Promise<Lease>;
  /** Replaces the spec of exactly the version that was read; labels and annotations stay. 409 when it moved. */
  update(read: Lease, spec: LeaseSpec, call: LeaseCall): Promise<Lease>;
}

export interface LeaseCall {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export function leaseDoor(client: KubeClient, namespace: string, name: string): LeaseDoor {
  const all = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const one = `${all}/${encodeURIComponent(name)}`;
  const head = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
  return {
    get: async (call) => (await client.request<Lease>({ method: 'GET', path: one, ...call })).body,
    create: async (spec, call) => {
      const body = { ...head, metadata: { name, namespace }, spec };
      return (await client.request<Lease>({ method: 'POST', path: all, body, ...call })).body;
    },
    update: async (read, spec, call) => {
      const body = { ...head, metadata: read.metadata, spec: { ...read.spec, ...spec } };
      return (await client.request<Lease>({ method: 'PUT', path: one, body, ...call })).body;
    },
  };
}

/** A MicroTime of the Kubernetes API: RFC 3339 with exactly six fraction digits. The clock fills three of them. */
export function microTime(time: Date, micros = 0): string {
  return time.toISOString().replace('Z', `${String(micros % 1000).padStart(3, '0')}Z`);
}

/** The spec that a candidate writes to become the leader, or to start over where the Lease is gone (`read` undefined). */
export function acquiredSpec(read: Lease | undefined, identity: string, leaseDurationMs: number, now: Date): LeaseSpec {
  const time = microTime(now);
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
    acquireTime: time,
    renewTime: time,
    leaseTransitions: read === undefined ? 0 : (read.spec?.leaseTransitions ?? 0) + 1,
  };
}

/**
 * The spec that the leader writes to stay it. Others see a renewal only as a change of the record, so it must be one even
 * where the wall clock stands still: the number of the renewal goes into the microseconds.
 */
export function renewedSpec(
  read: Lease,
  identity: string,
  leaseDurationMs: number,
  now: Date,
  renewal: number,
): LeaseSpec {
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
    acquireTime: read.spec?.acquireTime ?? microTime(now),
    renewTime: microTime(now, renewal),
    leaseTransitions: read.spec?.leaseTransitions ?? 0,
  };
}

/** The spec that a leader writes when it goes: nobody holds the Lease, and the next one need not wait. */
export function releasedSpec(read: Lease, now: Date): LeaseSpec {
  const time = microTime(now);
  return {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: read.spec?.leaseTransitions ?? 0,
  };
}
