/** Programs that the tests, the demo and the benchmarks run besides Node. */
export type BinaryName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl'
  | 'kubelet'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'containerd'
  | 'containerd-shim-runc-v2'
  | 'ctr'
  | 'coredns'
  | 'pause'
  | 'kustomize'
  | 'kpt'
  | 'helm'
  | 'helm4'
  | 'promtool'
  | 'glua';

/**
 * Path of a program in the pinned version. Looks at KUBEBUILDER_ASSETS, the cache and PATH (where the version is right), then
 * downloads, unpacks or builds it, with progress on stderr. Throws with one clear line when none of these works.
 */
export function binary(name: BinaryName): Promise<string>;

/** Several at once: what has to be built is built together. */
export function binaries<Name extends BinaryName>(names: readonly Name[]): Promise<Record<Name, string>>;
