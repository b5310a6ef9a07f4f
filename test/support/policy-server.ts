import type { PatchPolicySpec, PolicyStatus } from '../../src/api/schema/patchpolicy.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { ApiError, ConnectionError } from '../../src/platform/kubernetes/client.ts';
import type { PolicyApi } from '../../src/reconcile/permit/policy-api.ts';
import type { StoredPolicy } from '../../src/reconcile/permit/stored-policy.ts';

/**
 * What becomes of the next write. `lost`: it takes effect, and no answer comes. `dropped`: neither. `late`: no answer
 * comes, and it reaches the server a while later.
 */
export type Fault = 'lost' | 'dropped' | 'late' | ApiError;

export interface PolicyServerOptions {
  readonly clock: Clock;
  /** Milliseconds that a request takes to the server, and the answer back. Default 1. */
  readonly delayMs?: () => number;
}

/** The policies of an API server, with its rules for versions, in memory; faults are put in by hand. */
export class PolicyServer {
  readonly #clock: Clock;
  readonly #delayMs: () => number;
  readonly #policies = new Map<string, StoredPolicy>();
  #version = 100;
  #uids = 0;
  /** For the writes to come, one each. */
  readonly faults: Fault[] = [];
  /** Reads fail as well. */
  down = false;
  #hanging = false;
  /** Bodies of the writes that took effect, oldest first. */
  readonly writes: { readonly name: string; readonly status: PolicyStatus }[] = [];
  reads = 0;
  requests = 0;
  /** Told of each write as it takes effect. */
  onWrite: () => void = () => {};

  constructor({ clock, delayMs = () => 1 }: PolicyServerOptions) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** Requests never end by themselves from now on. */
  hang(): void {
    this.#hanging = true;
  }

  get(name: string): StoredPolicy | undefined {
    return this.#policies.get(name);
  }

  list(): readonly StoredPolicy[] {
    return [...this.#policies.values()];
  }

  statusOf(name: string): PolicyStatus {
    return this.get(name)?.status ?? {};
  }

  create(name: string, spec: PatchPolicySpec, status: unknown = { observedGeneration: -1 }): StoredPolicy {
    this.#uids += 1;
    return this.#put({
      metadata: { name, uid: `uid-${this.#uids}`, resourceVersion: '', generation: 1 },
      spec,
      status,
    });
  }

  /** Another spec is another generation; the same is another version, as of an edited label. */
  edit(name: string, spec?: PatchPolicySpec): void {
    const old = this.#existing(name);
    const generation = old.metadata.generation + (spec === undefined ? 0 : 1);
    this.#put({ ...old, metadata: { ...old.metadata, generation }, spec: spec ?? old.spec });
  }

  /** As a person with rights on the status. */
  setStatus(name: string, status: unknown): void {
    this.#put({ ...this.#existing(name), status });
  }

  remove(name: string): void {
    this.#policies.delete(name);
  }

  api(): PolicyApi {
    return {
      get: async (name, signal) => {
        this.requests += 1;
        this.reads += 1;
        await this.#travel(signal);
        if (this.down) throw new ConnectionError('the server does not answer');
        const found = this.get(name);
        await this.#travel(signal);
        return found;
      },
      putStatus: async (version, status, signal) => {
        this.requests += 1;
        const fault = this.faults.shift();
        await this.#travel(signal);
        if (this.down || fault === 'dropped') throw new ConnectionError('the connection was reset');
        if (fault instanceof ApiError) throw fault;
        if (fault === 'late') {
          this.#clock.after(20 * this.#delayMs(), () => this.#attempt(() => this.#write(version, status)));
          throw new ConnectionError('the connection was reset');
        }
        const written = this.#write(version, status);
        await this.#travel(signal);
        if (fault === 'lost') throw new ConnectionError('the connection was reset');
        return written;
      },
    };
  }

  #write(version: Parameters<PolicyApi['putStatus']>[0], status: PolicyStatus): string {
    const old = this.get(version.name);
    if (old === undefined) throw new ApiError(404, 'NotFound', 'not found');
    if (old.metadata.uid !== version.uid || old.metadata.resourceVersion !== version.resourceVersion)
      throw new ApiError(409, 'Conflict', 'the object has been modified');
    const stored = structuredClone(status);
    this.writes.push({ name: version.name, status: stored });
    const written = this.#put({ ...old, status: stored }).metadata.resourceVersion;
    this.onWrite();
    return written;
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #put(policy: StoredPolicy): StoredPolicy {
    this.#version += 1;
    const stored = { ...policy, metadata: { ...policy.metadata, resourceVersion: String(this.#version) } };
    this.#policies.set(policy.metadata.name, stored);
    return stored;
  }

  #existing(name: string): StoredPolicy {
    const policy = this.get(name);
    if (policy === undefined) throw new Error(`no policy ${name}`);
    return policy;
  }

  #travel(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        cancel();
        reject(signal.reason);
      };
      const cancel = this.#clock.after(this.#hanging ? 1e12 : this.#delayMs(), () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}

/** What a watch shows of the server: as much as it was told to see. */
export class PolicyView {
  readonly #server: PolicyServer;
  #seen = new Map<string, StoredPolicy>();

  constructor(server: PolicyServer) {
    this.#server = server;
    this.catchUp();
  }

  get(name: string): StoredPolicy | undefined {
    return this.#seen.get(name);
  }

  list(): readonly StoredPolicy[] {
    return [...this.#seen.values()];
  }

  /** Sees one policy in this version. */
  show(policy: StoredPolicy): void {
    this.#seen = new Map(this.#seen).set(policy.metadata.name, policy);
  }

  /** Sees everything; returns the names of what changed. */
  catchUp(): readonly string[] {
    const before = this.#seen;
    this.#seen = new Map(this.#server.list().map((policy) => [policy.metadata.name, policy]));
    const names = new Set([...before.keys(), ...this.#seen.keys()]);
    return [...names].filter((name) => before.get(name) !== this.#seen.get(name));
  }
}
