import { isDeepStrictEqual } from 'node:util';
import { timestamp } from '../../api/conditions.ts';
import { type ResolvedSpec, resolveSpec } from '../../api/resolve.ts';
import { API_VERSION, GROUP, KIND, type PatchIntent, PLURAL, VERSION } from '../../api/types.ts';
import { checkSpec } from '../../api/validate.ts';
import type { ValidIntent } from '../../api/wire/load.ts';
import { projectIntent } from '../../reconcile/project.ts';
import { titleOf } from '../findings.ts';
import { type ClusterReader, isSeen } from './reader.ts';

/** An intent to plan, as it is stored or as it would be stored. */
export interface Subject {
  readonly title: string;
  readonly file?: string;
  readonly line?: number;
  readonly intent: PatchIntent;
  readonly spec: ResolvedSpec;
  /** `same`: the cluster has it as it is. `changed`: it would replace the one of this name. `new`: there is none. */
  readonly stored: 'same' | 'changed' | 'new' | 'unknown';
}

/** Behind every uid that a server gives: of two claims of one second, that of an intent that is not there yet is the younger. */
const NO_UID = '~';

/** An intent of a file. One without a name is called by its target. */
export async function fromFile(reader: ClusterReader, valid: ValidIntent, now: Date): Promise<Subject> {
  const { namespace, name, spec, source: file, line } = valid;
  const head = { title: titleOf(valid), file, line, spec };
  if (name === undefined) return { ...head, intent: created(namespace, spec.target, spec, now), stored: 'new' };
  const seen = await reader.get(
    `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${PLURAL}/${encodeURIComponent(name)}`,
  );
  if (!isSeen(seen)) return { ...head, intent: created(namespace, name, spec, now), stored: 'unknown' };
  if (seen.value === undefined) return { ...head, intent: created(namespace, name, spec, now), stored: 'new' };
  const there = projectIntent(seen.value);
  if (isDeepStrictEqual(resolved(there), spec)) return { ...head, intent: inForce(there, spec), stored: 'same' };
  const { status: _, ...rest } = inForce(there, spec);
  const metadata = { ...there.metadata, generation: there.metadata.generation + 1 };
  return { ...head, intent: { ...rest, metadata }, stored: 'changed' };
}

/** An intent of the cluster. Undefined where its spec is not valid. */
export function fromCluster(intent: PatchIntent): Subject | undefined {
  const spec = resolved(intent);
  const { namespace, name } = intent.metadata;
  return spec && { title: `${namespace}/${name}`, intent: inForce(intent, spec), spec, stored: 'same' };
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
  return inForce({ apiVersion: API_VERSION, kind: KIND, metadata, spec }, spec);
}

/** What would come of it: a plan of what is suspended or a dry run is asked for to see just that. */
function inForce(intent: PatchIntent, spec: ResolvedSpec): PatchIntent {
  return { ...intent, spec: { ...spec, suspend: false, dryRun: false } };
}
