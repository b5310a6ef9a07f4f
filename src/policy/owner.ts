/** What keeps an object as it is declared elsewhere, and would undo a change that is not declared there too. */
export interface Owner {
  readonly tool: 'Flux' | 'Argo CD' | 'Helm';
  /** Kind of the owning object: Kustomization, HelmRelease, Application, Release. */
  readonly kind: string;
  /** Absent where only the field managers tell of it. */
  readonly name?: string;
  readonly namespace?: string;
  /** Where this was read. */
  readonly from: 'label' | 'annotation' | 'managedFields';
}

/** The little of an object's metadata that tells of its owner. */
export interface OwnedMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly {
    readonly manager?: string;
    readonly subresource?: string;
    readonly fieldsV1?: unknown;
  }[];
}

/** Which object the metadata is of. The core group is empty. */
export interface OwnedObject {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

type Reader = (
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
  object: OwnedObject,
) => Owner | undefined;

/**
 * In this order: a release that Flux or Argo CD installs carries the marks of Helm too, and who declares the release is the owner.
 *
 * Sources: fluxcd.io/flux/components (labels of kustomize- and helm-controller), argo-cd.readthedocs.io (resource tracking),
 * helm.sh/docs (annotations of releases).
 */
const READERS: readonly Reader[] = [
  fluxOwner('kustomize.toolkit.fluxcd.io', 'Kustomization'),
  fluxOwner('helm.toolkit.fluxcd.io', 'HelmRelease'),
  argoByTrackingId,
  argoByLabel,
  helmRelease,
];

/** Field managers by which these tools apply objects. */
const MANAGERS: Readonly<Record<string, Pick<Owner, 'tool' | 'kind'>>> = {
  'kustomize-controller': { tool: 'Flux', kind: 'Kustomization' },
  'helm-controller': { tool: 'Flux', kind: 'HelmRelease' },
  'argocd-controller': { tool: 'Argo CD', kind: 'Application' },
  helm: { tool: 'Helm', kind: 'Release' },
};

/**
 * The owner of an object, by its labels and annotations, else by who manages the field at `path` (such as `['spec', 'replicas']`).
 * Undefined where nothing tells of one. Pure; whatever stands in the metadata, it does not throw.
 */
export function ownerOf(
  { labels = {}, annotations = {}, managedFields = [] }: OwnedMetadata,
  path: readonly string[],
  object: OwnedObject,
): Owner | undefined {
  for (const read of READERS) {
    const owner = read(labels, annotations, object);
    if (owner !== undefined) return owner;
  }
  for (const { manager = '', subresource, fieldsV1 } of managedFields) {
    const known = Object.hasOwn(MANAGERS, manager) ? MANAGERS[manager] : undefined;
    if (known !== undefined && subresource === undefined && manages(fieldsV1, path))
      return { ...known, from: 'managedFields' };
  }
  return undefined;
}

/** For people: `Flux Kustomization flux-system/apps`. */
export function ownerText({ tool, kind, name, namespace }: Omit<Owner, 'from'>): string {
  const what = `${tool} ${kind}`;
  if (name === undefined) return what;
  return `${what} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

function fluxOwner(prefix: string, kind: string): Reader {
  return (labels) => {
    const name = labels[`${prefix}/name`] ?? '';
    return name === ''
      ? undefined
      : { tool: 'Flux', kind, name, ...namespaceOf(labels[`${prefix}/namespace`]), from: 'label' };
  };
}

/**
 * `<application>:<group>/<kind>:<namespace>/<name>`; an application of another namespace is `<namespace>_<application>`.
 * As for Argo CD itself, it counts only on the object that it names: a Deployment's annotations are copied to its ReplicaSets
 * (`ParseAppInstanceValue` in util/argo/resource_tracking.go and `isSelfReferencedObj` in controller/state.go of Argo CD).
 */
function argoByTrackingId(
  _: unknown,
  annotations: Readonly<Record<string, string>>,
  { group, kind, namespace, name }: OwnedObject,
): Owner | undefined {
  const [application = '', ...object] = (annotations['argocd.argoproj.io/tracking-id'] ?? '').split(':');
  if (application === '' || object.join(':') !== `${group}/${kind}:${namespace}/${name}`) return undefined;
  return { ...applicationOf(application), from: 'annotation' };
}

function argoByLabel(labels: Readonly<Record<string, string>>): Owner | undefined {
  const application = labels['argocd.argoproj.io/instance'] ?? '';
  return application === '' ? undefined : { ...applicationOf(application), from: 'label' };
}

function applicationOf(text: string): Pick<Owner, 'tool' | 'kind' | 'name' | 'namespace'> {
  const at = text.indexOf('_');
  const named = at < 0 ? { name: text } : { name: text.slice(at + 1), namespace: text.slice(0, at) };
  return { tool: 'Argo CD', kind: 'Application', ...named };
}

function helmRelease(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): Owner | undefined {
  const name = annotations['meta.helm.sh/release-name'] ?? '';
  if (labels['app.kubernetes.io/managed-by'] !== 'Helm' || name === '') return undefined;
  return {
    tool: 'Helm',
    kind: 'Release',
    name,
    ...namespaceOf(annotations['meta.helm.sh/release-namespace']),
    from: 'annotation',
  };
}

const namespaceOf = (namespace: string | undefined): { readonly namespace?: string } =>
  namespace === undefined || namespace === '' ? {} : { namespace };

/** Whether a set of fields holds this one: `{"f:spec": {"f:replicas": {}}}`. */
function manages(fields: unknown, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, `f:${first}`)) return false;
  return manages((fields as Readonly<Record<string, unknown>>)[`f:${first}`], rest);
}
