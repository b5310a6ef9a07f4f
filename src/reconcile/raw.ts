/** Of an object as the API server serves it, what every store needs. */
export interface RawMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Reads the metadata of a namespaced object. Throws TypeError for something that is no object with all of it. */
export function namespacedMetadata(raw: unknown): RawMetadata {
  const { namespace } = recordOf(recordOf(raw, 'object').metadata, 'metadata');
  return { ...clusterMetadata(raw), namespace: textOf(namespace, 'metadata.namespace') };
}

/** The same of a cluster-scoped object. */
export function clusterMetadata(raw: unknown): Omit<RawMetadata, 'namespace'> {
  const { name, uid, resourceVersion } = recordOf(recordOf(raw, 'object').metadata, 'metadata');
  return {
    name: textOf(name, 'metadata.name'),
    uid: textOf(uid, 'metadata.uid'),
    resourceVersion: textOf(resourceVersion, 'metadata.resourceVersion'),
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function recordOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new TypeError(`${name} is no object`);
  return value;
}

export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is missing`);
  return value;
}
