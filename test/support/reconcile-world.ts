import type { PatchIntent, PatchIntentStatus } from '../../src/api/types.ts';
import type { Published, PublishRequest } from '../../src/kpt/publisher/publisher.ts';
import { ApiError } from '../../src/platform/kubernetes/client.ts';
import { silentLog } from '../../src/platform/log.ts';
import { Collection, type Held } from '../../src/reconcile/collection/collection.ts';
import type { Deps, IntentEvent } from '../../src/reconcile/deps.ts';
import { keyOf } from '../../src/reconcile/key.ts';
import type { Rules } from '../../src/reconcile/path.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import { StatusEchoes } from '../../src/reconcile/status/echoes.ts';
import { ManualClock } from './clock.ts';
import { ScriptedSurroundings } from './scripted-surroundings.ts';
import { lintStatus } from './status-linter.ts';

/**
 * A scripted API server and publisher for one test: objects with versions that move, packages as digests by key. Every status
 * that is written is linted.
 */
export class ReconcileWorld {
  readonly clock = new ManualClock();
  readonly objects = new Map<string, PatchIntent>();
  readonly packages = new Map<string, string>();
  readonly events: IntentEvent[] = [];
  readonly held: (Held | undefined)[] = [];
  readonly queued: string[] = [];
  readonly statusWrites: PatchIntentStatus[] = [];
  readonly lost: string[] = [];
  rules: Rules = { allowedTargetNamespaces: new Set(), strictMode: false };
  rootId = 'root-a';
  mayWrite = true;
  kindIsServed = true;
  /** Thrown by the next publish calls, in order. */
  publishFailures: Error[] = [];
  /** Thrown by the next removals, in order. */
  removeFailures: Error[] = [];
  /** Called before each status write: to move the object under it, or to throw. */
  beforePut: (key: string) => void = () => {};
  beforeGet: (key: string) => void = () => {};
  tampered = new Set<string>();
  #version = 100;
  /** The target, policies, people and whoever else is about. */
  readonly around = new ScriptedSurroundings();
  readonly denied: string[] = [];
  readonly collection: Collection;
  readonly deps: Deps;

  constructor(brake = { count: 20, fraction: 0.5, patience: 3_600_000 }) {
    this.collection = new Collection({
      clock: this.clock,
      rules: brake,
      requeue: (key) => this.queued.push(key),
      onHeld: (held) => this.held.push(held),
    });
    this.deps = this.#deps();
  }

  put(object: PatchIntent): PatchIntent {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.objects.set(keyOf(object.metadata), stored);
    return stored;
  }

  run(key = 'shop/web-5'): ReturnType<typeof reconcile> {
    return reconcile(key, this.deps, new AbortController().signal);
  }

  status(key = 'shop/web-5'): PatchIntentStatus {
    return this.objects.get(key)?.status ?? {};
  }

  ready(key = 'shop/web-5'): { status: string; reason: string; message: string } | undefined {
    return this.status(key).conditions?.find(({ type }) => type === 'Ready');
  }

  #publish(request: PublishRequest): Published {
    const failure = this.publishFailures.shift();
    if (failure !== undefined) throw failure;
    const key = `${request.namespace}/${request.intent}`;
    const previousDigest = this.packages.get(key);
    const outcome = this.tampered.delete(key)
      ? 'restored'
      : previousDigest === request.package.digest
        ? 'unchanged'
        : 'written';
    this.packages.set(key, request.package.digest);
    return { outcome, previousDigest, entry: `${request.package.digest}.1` };
  }

  #putStatus(intent: PatchIntent, status: PatchIntentStatus): string {
    const key = keyOf(intent.metadata);
    this.beforePut(key);
    const stored = this.objects.get(key);
    if (stored === undefined) throw new ApiError(404, 'NotFound', 'not found');
    if (stored.metadata.resourceVersion !== intent.metadata.resourceVersion)
      throw new ApiError(409, 'Conflict', 'moved');
    const findings = lintStatus({ ...stored, status });
    if (findings.length > 0) throw new Error(`status linter: ${findings.join('; ')}`);
    this.statusWrites.push(status);
    return this.put({ ...stored, status }).metadata.resourceVersion;
  }

  #deps(): Deps {
    const rules = (): Deps['rules'] => this.rules;
    const api: Deps['api'] = {
      get: async (key) => {
        this.beforeGet(key);
        return this.objects.get(key);
      },
      putStatus: async (intent, status) => this.#putStatus(intent, status),
      kindIsServed: async () => this.kindIsServed,
    };
    return {
      intents: this.objects,
      ownWrites: { check: () => 'current', settled: () => {} },
      ownWriteWaitMs: 50,
      api,
      world: this.around.world(this.clock),
      publisher: {
        publish: async (request) => this.#publish(request),
        remove: async ({ namespace, intent }) => {
          const failure = this.removeFailures.shift();
          if (failure !== undefined) throw failure;
          return this.packages.delete(`${namespace}/${intent}`);
        },
        lookup: async ({ namespace, intent }) => this.packages.get(`${namespace}/${intent}`),
      },
      collection: this.collection,
      reporter: { api, echoes: new StatusEchoes(), wrote: () => {}, mayWrite: () => this.mayWrite },
      events: { emit: (event) => this.events.push(event) },
      get rules() {
        return rules();
      },
      rootId: () => this.rootId,
      isRepublication: () => false,
      republishWaitMs: () => 0,
      leadershipLost: (why) => this.lost.push(why),
      clock: this.clock,
      log: silentLog,
      metrics: {
        outcome: () => {},
        statusWrite: () => {},
        removed: () => {},
        denied: (rule) => void this.denied.push(rule),
      },
    };
  }
}
