import { GROUP, type PatchIntent, PLURAL, VERSION } from '../../api/types.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { projectIntent } from '../../reconcile/project.ts';
import { UsageError } from '../io.ts';

const PAGE = 500;
const BASE = `/apis/${GROUP}/${VERSION}`;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every intent of one namespace, or of all, by namespace and name. */
export async function listIntents(client: KubeClient, namespace: string | undefined): Promise<readonly PatchIntent[]> {
  const path = namespace === undefined ? `${BASE}/${PLURAL}` : `${BASE}/namespaces/${namespace}/${PLURAL}`;
  const intents: PatchIntent[] = [];
  let from: string | undefined;
  do {
    const page = await listPage(client, path, from);
    intents.push(...page.items);
    from = page.next;
  } while (from !== undefined);
  return intents;
}

/** One intent. Rejects with an `Exit` that says what is missing. */
export async function getIntent(client: KubeClient, namespace: string, name: string): Promise<PatchIntent> {
  const path = `${BASE}/namespaces/${namespace}/${PLURAL}/${encodeURIComponent(name)}`;
  try {
    return readIntent((await client.request({ method: 'GET', path })).body);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw error.body === undefined ||
      !isRecord(error.body) ||
      error.body.details === undefined ||
      !named(error.body.details)
      ? noKind()
      : new Error(`there is no PatchIntent ${name} in namespace ${namespace}`);
  }
}

// The 404 for a missing object names it; the 404 for a kind that is not served names nothing.
const named = (details: unknown): boolean => isRecord(details) && typeof details.name === 'string';

async function listPage(client: KubeClient, path: string, from: string | undefined) {
  try {
    const { body } = await client.request({ method: 'GET', path, query: { limit: PAGE, continue: from } });
    const list = isRecord(body) ? body : {};
    const meta = isRecord(list.metadata) ? list.metadata : {};
    const next = typeof meta.continue === 'string' && meta.continue !== '' ? meta.continue : undefined;
    return { items: Array.isArray(list.items) ? list.items.map(readIntent) : [], next };
  } catch (error) {
    throw isNotFound(error) ? noKind() : error;
  }
}

const isNotFound = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 404;
const noKind = (): Error =>
  new Error('the cluster does not know PatchIntents; install the definition with: patchgen crd | kubectl apply -f -');

function readIntent(raw: unknown): PatchIntent {
  const intent = projectIntent(raw);
  const created = isRecord(raw) && isRecord(raw.metadata) ? raw.metadata.creationTimestamp : undefined;
  return typeof created === 'string'
    ? { ...intent, metadata: { ...intent.metadata, creationTimestamp: created } }
    : intent;
}

/** `web` or `shop/web`, with the namespace of `-n` or of the context. Throws `UsageError`. */
export function nameOf(
  argument: string,
  namespaceFlag: string | undefined,
  fallback: string,
): { namespace: string; name: string } {
  const [first = '', second, ...more] = argument.split('/');
  const name = second ?? first;
  const namespace = second === undefined ? (namespaceFlag ?? fallback) : first;
  if (more.length > 0 || name === '' || namespace === '')
    throw new UsageError(`${argument}: must be NAME or NAMESPACE/NAME`);
  if (second !== undefined && namespaceFlag !== undefined && namespaceFlag !== first) {
    throw new UsageError(`${argument}: names another namespace than -n ${namespaceFlag}`);
  }
  return { namespace, name };
}
