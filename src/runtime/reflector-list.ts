import { ApiError, type KubeClient } from '../platform/kubernetes/client.ts';
import { abortable } from './abortable.ts';
import { metaOf, pageOf } from './reflector-decode.ts';
import { compareVersions, type Store, type StoredObject } from './store.ts';

export interface ListOptions<T extends StoredObject> {
  readonly client: KubeClient;
  readonly path: string;
  /** 0 asks for everything at once. */
  readonly pageSize: number;
  readonly timeoutMs: number;
  readonly project: (raw: unknown) => T;
  readonly store: Store<T>;
  /** Version that the store stands at. */
  readonly seenVersion: string | undefined;
  readonly signal: AbortSignal;
  readonly onPage: () => void;
}

export interface Listed<T> {
  readonly resourceVersion: string;
  readonly items: readonly T[];
  readonly undecodable: ReadonlyMap<string, Undecodable>;
}

export interface Undecodable {
  readonly resourceVersion: string;
  readonly error: unknown;
}

/** The pages of a list did not belong to one state of the server, or its continue token expired: start over. */
export class ListBroken extends Error {
  override readonly name = 'ListBroken';
}

/**
 * Reads a whole collection as it was at one moment, page by page. The first page asks for no resourceVersion, which makes
 * it consistent with etcd. Each object is projected as its page comes, and one that the store has in this very version is
 * taken from there, so that a list costs no second copy. All or nothing: rejects with ListBroken when a continue token
 * expired, since the fresh token that comes with the refusal would continue at another moment.
 */
export async function listAll<T extends StoredObject>(options: ListOptions<T>): Promise<Listed<T>> {
  const items: T[] = [];
  const undecodable = new Map<string, Undecodable>();
  let version: string | undefined;
  let next: string | undefined;
  do {
    const page = await readPage(options, next);
    options.onPage();
    version ??= page.resourceVersion;
    if (page.resourceVersion !== version) throw new ListBroken('the pages of a list are of different versions');
    const known = isBehind(version, options.seenVersion) ? undefined : options.store;
    for (const raw of page.items) take(raw, options.project, known, items, undecodable);
    next = page.continue;
  } while (next !== undefined);
  return { resourceVersion: version, items, undecodable };
}

async function readPage<T extends StoredObject>(options: ListOptions<T>, next: string | undefined) {
  const { client, path, pageSize, timeoutMs, signal } = options;
  const query = { limit: pageSize > 0 ? pageSize : undefined, continue: next };
  try {
    const answer = await abortable(client.request({ method: 'GET', path, query, signal, timeoutMs }), signal);
    return pageOf(answer.body);
  } catch (error) {
    if (error instanceof ApiError && error.status === 410) throw new ListBroken(error.message, { cause: error });
    throw error;
  }
}

function take<T extends StoredObject>(
  raw: unknown,
  project: (raw: unknown) => T,
  known: Store<T> | undefined,
  items: T[],
  undecodable: Map<string, Undecodable>,
): void {
  const { key, resourceVersion } = metaOf(raw);
  try {
    const item = project(raw);
    const stored = known?.get(key);
    const same = stored?.metadata.uid === item.metadata.uid && stored.metadata.resourceVersion === resourceVersion;
    items.push(same ? stored : item);
  } catch (error) {
    undecodable.set(key, { resourceVersion, error });
  }
}

/** Whether a list is older than what was seen: the server was restored, and equal versions prove nothing any more. */
export function isBehind(version: string, seenVersion: string | undefined): boolean {
  const order = seenVersion === undefined ? undefined : compareVersions(version, seenVersion);
  return order !== undefined && order < 0;
}
