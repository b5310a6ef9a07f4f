import { silentLog } from '../../src/platform/log.ts';
import type { Change, Reflector, ReflectorOptions, ReplacedInfo } from '../../src/runtime/reflector.ts';
import { startReflector } from '../../src/runtime/reflector.ts';
import { Store } from '../../src/runtime/store.ts';
import { ManualClock } from './clock.ts';
import { type ModelObject, ModelServer } from './model-server.ts';
import { seededRandom } from './random.ts';

/** A value that `project` refuses in these tests. */
export const POISON = 666;

export interface Reflected {
  readonly clock: ManualClock;
  readonly server: ModelServer;
  readonly store: Store<ModelObject>;
  readonly reflector: Reflector;
  readonly changes: Change<ModelObject>[];
  readonly replaced: ReplacedInfo[];
  readonly refused: string[];
}

/** A reflector on a model server and a clock turned by hand. */
export function reflected(
  prepare: (server: ModelServer) => void = () => {},
  options: Partial<ReflectorOptions<ModelObject>> = {},
): Reflected {
  const clock = new ManualClock();
  const server = new ModelServer(clock);
  prepare(server);
  const store = new Store<ModelObject>();
  const changes: Change<ModelObject>[] = [];
  const replaced: ReplacedInfo[] = [];
  const refused: string[] = [];
  const reflector = startReflector<ModelObject>({
    client: server,
    path: '/apis/example.dev/v1/things',
    pageSize: 2,
    project: (raw) => {
      const object = raw as ModelObject;
      if (object.spec.value === POISON) throw new TypeError('poison');
      return object;
    },
    store,
    clock,
    random: seededRandom(1),
    log: silentLog,
    onChange: (change) => changes.push(change),
    onReplaced: (info) => replaced.push(info),
    onUndecodable: (key) => refused.push(key),
    ...options,
  });
  return { clock, server, store, reflector, changes, replaced, refused };
}

/** Key → uid, version and value, of anything that holds objects: for comparisons that say what differs. */
export function digestOf(objects: Iterable<ModelObject>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...objects]
      .map(({ metadata, spec }) => [
        `${metadata.namespace}/${metadata.name}`,
        `${metadata.uid} @${metadata.resourceVersion} = ${spec.value}`,
      ])
      .toSorted(),
  );
}
