import {
  type Change,
  type ListFailure,
  type Reflector,
  type ReflectorMetrics,
  startReflector,
} from '../../../runtime/reflector.ts';
import type { Store, StoredObject } from '../../../runtime/store.ts';
import type { Resource, SurroundingsOptions } from './surroundings-types.ts';

export interface KindOptions<T extends StoredObject>
  extends Pick<SurroundingsOptions, 'client' | 'clock' | 'random' | 'log' | 'metrics' | 'highestSeen' | 'timing'> {
  readonly resource: Resource;
  /** `/apis/autoscaling/v2`. */
  readonly api: string;
  /** One stream for each of these; undefined: one for all, which is the only one of a cluster-scoped kind. */
  readonly namespaces?: readonly string[] | undefined;
  readonly store: Store<T>;
  readonly project: (raw: unknown) => T;
  readonly onChange: (change: Change<T>) => void;
  /** It became known what there is, or that the kind is not served. */
  readonly onKnown?: () => void;
  /** What follows while it can not be read: `no approval counts`. */
  readonly otherwise: string;
}

/** Nobody waits for longer for what may not be read: rights that were just granted take a moment to be in force. */
const FORBIDDEN_PATIENCE_MS = 10_000;
/** Nor for longer for what fails, such as a kind whose conversion webhook is down. */
const PATIENCE_MS = 30_000;

/** The objects of one kind that is watched beside the intents, in some namespaces or in all. */
export class WatchedKind<T extends StoredObject> {
  readonly #options: KindOptions<T>;
  readonly #scopes: readonly Scope<T>[];

  constructor(options: KindOptions<T>) {
    this.#options = options;
    const tell = (): void => options.metrics.unreadable(options.resource, this.problem() !== undefined);
    const scopes = options.namespaces ?? [undefined];
    this.#scopes = scopes.map((namespace) => new Scope(options, namespace, tell));
  }

  get reflectors(): readonly Reflector[] {
    return this.#scopes.map(({ reflector }) => reflector);
  }

  /** Whether the store holds what there is, or what there last was. A kind that is not served has no objects. */
  get known(): boolean {
    return this.#scopes.every((scope) => scope.known && scope.reflector.undecodable.length === 0);
  }

  /** The kind is not served now. */
  get absent(): boolean {
    return this.#scopes.some(({ failure }) => failure === 'absent');
  }

  /** Whether objects of this namespace are kept. */
  covers(namespace: string): boolean {
    return this.#options.namespaces?.includes(namespace) ?? true;
  }

  /** Why the objects of a namespace, or of any, can not be read now; undefined where they can be. */
  problem(namespace?: string): string | undefined {
    const { resource, otherwise } = this.#options;
    const broken = this.#scopes.find((scope) => scope.concerns(namespace) && scope.unreadable);
    if (broken === undefined) return undefined;
    const fix = broken.failure === 'forbidden' ? `; ${broken.grant}` : '';
    return `${resource} can not be read (${broken.why}): ${otherwise}${fix}`;
  }

  whenSettled(): Promise<unknown> {
    return Promise.all(this.#scopes.map(({ settled }) => settled));
  }

  relist(): void {
    for (const { reflector } of this.#scopes) reflector.relist();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#scopes.map((scope) => scope.stop()));
  }
}

/** One stream of a kind, and how it fares. */
class Scope<T extends StoredObject> {
  readonly reflector: Reflector;
  readonly settled: Promise<void>;
  readonly #options: KindOptions<T>;
  readonly #namespace: string | undefined;
  readonly #onTurn: () => void;
  readonly #settle: () => void;
  readonly #cancels: readonly (() => void)[];
  #failure: ListFailure | undefined;
  #wasKnown = false;

  constructor(options: KindOptions<T>, namespace: string | undefined, onTurn: () => void) {
    const { clock, random, client, store, project, resource, timing, highestSeen } = options;
    this.#options = options;
    this.#namespace = namespace;
    this.#onTurn = onTurn;
    const settled = Promise.withResolvers<void>();
    this.settled = settled.promise;
    this.#settle = settled.resolve;
    const started = clock.monotonic();
    this.#cancels = [FORBIDDEN_PATIENCE_MS, PATIENCE_MS].map((ms) =>
      clock.after(ms, () => this.#settleAnyway(clock.monotonic() - started)),
    );
    this.reflector = startReflector<T>({
      client,
      path: `${options.api}${namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${resource}`,
      ...(namespace === undefined ? {} : { namespace }),
      project,
      store,
      clock,
      random,
      log: options.log,
      quiet: ['absent', 'forbidden'],
      highestSeen,
      metrics: this.#listener(),
      onChange: (change) => this.#changed(change),
      ...(timing === undefined ? {} : { timing }),
    });
  }

  get failure(): ListFailure | undefined {
    return this.#failure;
  }
  get known(): boolean {
    return this.reflector.synced || this.#failure === 'absent';
  }
  get unreadable(): boolean {
    return this.#failure === 'forbidden' || this.#failure === 'failed';
  }
  get why(): string {
    return this.reflector.lastError ?? 'not listed yet';
  }
  /** What to do about rights that are missing: the chart grants them whatever its values say of targets. */
  get grant(): string {
    const { api, resource } = this.#options;
    const group = api.startsWith('/apis/') ? `.${api.split('/')[2]}` : '';
    const role = this.#namespace === undefined ? 'ClusterRole' : `Role in namespace ${this.#namespace}`;
    return `grant list and watch on ${resource}${group} to the operator by its ${role}`;
  }

  concerns(namespace: string | undefined): boolean {
    return namespace === undefined || this.#namespace === undefined || this.#namespace === namespace;
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    await this.reflector.stop();
  }

  #listener(): ReflectorMetrics {
    return {
      listed: ({ failure }) => this.#turn(failure),
      // Whatever comes shows that the stream is open again.
      event: (type) => type !== 'ERROR' && this.#turn(undefined),
      watchEnded: (cause) => (cause === 'absent' || cause === 'forbidden') && this.#turn(cause),
      undecodable: () => {},
    };
  }

  #changed(change: Change<T>): void {
    this.#options.metrics.objects(this.#options.resource, this.#options.store.size);
    this.#options.onChange(change);
  }

  #turn(failure: ListFailure | undefined): void {
    const before = this.#failure;
    this.#failure = failure;
    if (failure !== before) {
      this.#onTurn();
      this.#tell(before);
    }
    if (this.known) this.#settle();
    if (this.known && !this.#wasKnown) this.#options.onKnown?.();
    this.#wasKnown = this.known;
  }

  #tell(before: ListFailure | undefined): void {
    const { log, resource, otherwise } = this.#options;
    const fields = { resource, ...(this.#namespace === undefined ? {} : { namespace: this.#namespace }) };
    if (this.#failure === 'forbidden')
      log.warn({ ...fields, error: this.why, otherwise }, 'may not be read: grant list and watch');
    else if (this.#failure === 'absent' && this.reflector.synced)
      log.warn(fields, 'is not served any more: what was known last stays');
    else if (this.#failure === undefined && before === 'forbidden') log.info(fields, 'can be read');
    else if (this.#failure === undefined && before === 'absent') log.info(fields, 'is served');
  }

  #settleAnyway(afterMs: number): void {
    if (this.#failure === 'forbidden' || afterMs >= PATIENCE_MS) this.#settle();
  }
}
