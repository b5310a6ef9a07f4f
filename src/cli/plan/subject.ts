import { isDeepStrictEqual } from 'node:util';
import { timestamp } from '../../api/conditions.ts';
import { type ResolvedSpec, resolveSpec } from '../../api/resolve.ts';
import { API_VERSION, GROUP, KIND, type PatchIntent, PLURAL, VERSION } from '../../api/types.ts';
import { checkSpec } from '../../api/validate.ts';
import type { ValidIntent } from '../../api/wire/load.ts';
import { keyOf } from '../../reconcile/key.ts';
import { projectIntent } from '../../reconcile/project.ts';
import { titleOf } from '../findings.ts';
import { type ClusterReader, isSeen } from './reader.ts';

/** An intent to plan, as it is stored or as it would be stored. */
export interface Subject {
  readonly title: string;
  readonly file?: string;
  readonly line?: number;
  /** `namespace/name`. One that has no name yet is called by its place. */
  readonly key: string;
  /** In force, whatever it asks for: what would come of it if the operator acted on it. */
  readonly intent: PatchIntent;
  /** As it is or would be stored. */
  readonly asked: PatchIntent;
  /** Why the operator does not act on it as it is asked for; absent where it does. */
  readonly idle?: string;
  readonly spec: ResolvedSpec;
  /** `same`: the cluster has it as it is. `changed`: it would replace the one of this name. `new`: there is none. */
  readonly stored: 'same' | 'changed' | 'new' | 'unknown';
}

/** No server gives it. */
const NO_UID = '~';

/** An intent of a file. One without a name is called by its target. */
export async function fromFile(reader: ClusterReader, valid: ValidIntent, now: Date): Promise<Subject> {
  const { namespace, name, spec, source: file, line } = valid;
  const title = titleOf(valid);
  const of = (asked: PatchIntent, stored: Subject['stored'], key = keyOf(asked.metadata)): Subject => ({
    ...{ title, file, line, key, stored },
    ...planned(asked, spec),
  });
  if (name === undefined) return of(created(namespace, spec.target, spec, now), 'new', title);
  const seen = await reader.get(
    `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${PLURAL}/${encodeURIComponent(name)}`,
  );
  if (!isSeen(seen)) return of(created(namespace, name, spec, now), 'unknown');
  if (seen.value === undefined) return of(created(namespace, name, spec, now), 'new');
  const there = projectIntent(seen.value);
  if (isDeepStrictEqual(resolved(there), spec)) return of(there, 'same');
  const { status: _, ...rest } = there;
  const metadata = { ...there.metadata, generation: there.metadata.generation + 1 };
  return of({ ...rest, metadata, spec }, 'changed');
}

/** An intent of the cluster. Undefined where its spec is not valid. */
export function fromCluster(intent: PatchIntent): Subject | undefined {
  const spec = resolved(intent);
  const key = keyOf(intent.metadata);
  return spec && { title: key, key, stored: 'same', ...planned(intent, spec) };
}

function planned(asked: PatchIntent, spec: ResolvedSpec): Pick<Subject, 'asked' | 'intent' | 'spec' | 'idle'> {
  const idle = idleOf(asked.metadata, spec);
  // What would come of it: a plan of what is suspended or a dry run is asked for to see just that.
  const intent = { ...asked, spec: { ...spec, suspend: false, dryRun: false } };
  return { asked, intent, spec, ...(idle === undefined ? {} : { idle }) };
}

function idleOf({ deletionTimestamp }: PatchIntent['metadata'], { suspend, dryRun }: ResolvedSpec): string | undefined {
  if (deletionTimestamp !== undefined)
    return 'the intent is being deleted, and the operator does nothing for it any more';
  if (suspend) return 'the intent is suspended, and the operator does nothing for it until spec.suspend is false';
  return dryRun
    ? 'the intent is a dry run, and the operator writes nothing for it until spec.dryRun is false'
    : undefined;
}

function resolved({ spec, metadata }: PatchIntent): ResolvedSpec | undefined {
  return checkSpec(spec).length === 0 ? resolveSpec(spec, metadata.namespace) : undefined;
}

function created(namespace: string, name: string, spec: ResolvedSpec, now: Date): PatchIntent {
  const metadata = {
    name,
    namespace,
    uid: NO_UID,
    resourceVersion: '',
    generation: 1,
    creationTimestamp: timestamp(now),
  };
  return { apiVersion: API_VERSION, kind: KIND, metadata, spec };
}
