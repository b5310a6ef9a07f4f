import { type Failure, Waiting } from '../../api/errors.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import type { Target } from '../permit/world.ts';
import { cut } from './cut.ts';
import { rightOf, tellsOfRight } from './missing-right.ts';
import type { TargetPlace } from './target-place.ts';

/** Who the patch would come from: it decides nothing here, but the server wants a name for what it applies. */
const FIELD_MANAGER = 'patchgen';
const MAX_WORDS = 1024;
/** How a warning of the API server begins in a plan. */
export const SERVER_WARNS = 'the API server warns: ';
/** How it begins that the API server could not be asked. */
export const NO_DRY_RUN = 'no dry run of the patch: ';
/** Whether it could not be asked because the right to is missing. */
export const tellsUnasked = (text: string): boolean => text.startsWith(NO_DRY_RUN) && tellsOfRight(text);
/** Answers that say nothing of the patch: no login, not there, too slow, too many requests. */
const NO_VERDICT: ReadonlySet<number> = new Set([401, 404, 408, 429]);

/**
 * What the API server would say to the patch, without doing it. Resolves to what a reviewer should know. Throws Waiting
 * DryRunRefused for a refusal, ApiError and ConnectionError for a server that does not answer.
 */
export async function dryRunPatch(
  client: Pick<KubeClient, 'request'>,
  place: TargetPlace,
  patch: Readonly<Record<string, unknown>>,
  target: Target,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const query = { dryRun: 'All', fieldManager: FIELD_MANAGER };
    const { warnings } = await client.request({ method: 'PATCH', path: place.path, query, body: patch, signal });
    return warnings.map((text) => `${SERVER_WARNS}${cut(text, MAX_WORDS / 2)}`);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status >= 500 && !BY_WEBHOOK.test(error.message))) throw error;
    if (error.status === 404) return [];
    if (NO_VERDICT.has(error.status)) throw error;
    if (UNABLE.test(error.message)) return [`${NO_DRY_RUN}${cut(error.message, MAX_WORDS / 2)}`];
    if (error.status === 403 && (await lacksRight(client, place, target, error, signal))) {
      const { group, plural: resource } = place;
      const right = rightOf({ verb: 'patch', group, resource, namespace: target.namespace });
      return [`${NO_DRY_RUN}${right}`];
    }
    const words = cut(`the API server would refuse the patch: ${error.message}`, MAX_WORDS);
    throw new Waiting('DryRunRefused', words, { cause: error });
  }
}

/** Whether the API server itself would refuse the patch: no warning that strict mode waits for, and no webhook that is away. */
export const isRefusal = ({ reason, cause }: Failure): boolean =>
  reason === 'DryRunRefused' && cause instanceof ApiError && cause.status < 500;

/**
 * With a 5xx the server does not answer for the patch, but for these: a webhook that must be asked and can't be
 * (`ErrCallingWebhook` of apiserver/pkg/util/webhook/error.go, which the dispatchers of admission turn into an internal
 * error), and one that says no with such a code of its own (`ToStatusErr` in admission/plugin/webhook/errors/statuserror.go).
 */
const BY_WEBHOOK = /^(Internal error occurred: failed calling webhook "|admission webhook ".*" denied the request)/s;
/** A webhook with side effects is not asked, and nothing can be said for it. */
const UNABLE = /^admission webhook ".*" does not support dry run/;
/** How the authorizer of the API server words it. A webhook could say the same, so this alone settles nothing. */
const UNAUTHORIZED = /User ".*" cannot patch resource/s;

/** Whether the 403 was for want of rights. The other one is the word of an admission plug-in. */
async function lacksRight(
  client: Pick<KubeClient, 'request'>,
  { group, plural }: TargetPlace,
  { namespace, name }: Target,
  error: ApiError,
  signal: AbortSignal,
): Promise<boolean> {
  if (!UNAUTHORIZED.test(error.message)) return false;
  const { body } = await client.request<{ readonly status?: { readonly allowed?: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'patch', group, resource: plural, namespace, name } },
    },
    signal,
  });
  return body?.status?.allowed !== true;
}
