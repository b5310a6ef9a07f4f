/** Programs the tests, the demo and the benchmarks run besides Node. */
export type BinaryName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubectl' | 'kustomize' | 'kpt' | 'helm';

/**
 * Path of a program in the pinned version. Looks at KUBEBUILDER_ASSETS, PATH (where the version is right) and the cache,
 * then downloads or builds it, with progress on stderr. Throws with one clear line when none of them works.
 */
export function binary(name: BinaryName): Promise<string>;
