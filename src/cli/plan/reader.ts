import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { isRecord } from '../status/read.ts';

/** What was read, or why it could not be: never the same as nothing being there. */
export type Seen<T> = { readonly value: T } | { readonly why: string };

export const isSeen = <T>(seen: Seen<T>): seen is { readonly value: T } => 'value' in seen;

/** Takes what was seen further; what could not be seen stays so. */
export function mapSeen<T, U>(seen: Seen<T>, map: (value: T) => U): Seen<U> {
  return isSeen(seen) ? { value: map(seen.value) } : seen;
}

const PAGE = 500;

/** Reads each thing once, with the rights of the caller. Rejects where the server does not answer; a refusal is an answer. */
export class ClusterReader {
  readonly #client: KubeClient;
  readonly #answers = new Map<string, Promise<Seen<unknown>>>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** One object; undefined where there is none, or its kind is not served. */
  get(path: string): Promise<Seen<unknown>> {
    return this.#once(path, async () => (await this.#client.request({ method: 'GET', path })).body);
  }

  /** All objects of a list, page by page; none where the kind is not served. */
  async list(path: string, fieldSelector?: string): Promise<Seen<readonly unknown[]>> {
    const seen = await this.#once(`${path}?${fieldSelector ?? ''}`, () => this.#pages(path, fieldSelector));
    return mapSeen(seen, (items) => (Array.isArray(items) ? items : []));
  }

  #once(key: string, read: () => Promise<unknown>): Promise<Seen<unknown>> {
    const answer = this.#answers.get(key) ?? seenBy(read);
    this.#answers.set(key, answer);
    return answer;
  }

  async #pages(path: string, fieldSelector: string | undefined): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    let from: string | undefined;
    do {
      const { body } = await this.#client.request({
        method: 'GET',
        path,
        query: { limit: PAGE, continue: from, fieldSelector },
      });
      const { items: page, metadata } = isRecord(body) ? body : {};
      if (Array.isArray(page)) items.push(...page);
      const next = isRecord(metadata) ? metadata.continue : undefined;
      from = typeof next === 'string' && next !== '' ? next : undefined;
    } while (from !== undefined);
    return items;
  }
}

async function seenBy(read: () => Promise<unknown>): Promise<Seen<unknown>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { value: undefined };
    if (error instanceof ApiError && error.status === 403) return { why: error.message };
    throw error;
  }
}
