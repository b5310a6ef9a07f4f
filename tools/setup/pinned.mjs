// Which programs there are, in which version, and how to come by them. Versions stand in the go.mod files and nowhere else.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.mjs';

const MODULES = join(ROOT, 'tools', 'modules');

const version = (module, name) => {
  const text = readFileSync(join(MODULES, module, 'go.mod'), 'utf8');
  const found = text.match(new RegExp(`^(?:require )?\\s*${name.replaceAll('.', '\\.')} (v\\S+)`, 'm'))?.[1];
  if (found === undefined) throw new Error(`tools/modules/${module}/go.mod does not require ${name}`);
  return found;
};

/** The newest minor, which is the default. */
const NEWEST = 'kubernetes';
/** What the tests run against. */
const CHOSEN = kubernetesModule(process.env.PATCHGEN_KUBERNETES ?? '');
export const KUBERNETES = version(CHOSEN, 'k8s.io/kubernetes');
const KPT = version('kpt', 'github.com/kptdev/kpt');
const HELM = version('helm', 'helm.sh/helm/v3');
const HELM4 = version('helm4', 'helm.sh/helm/v4');
const CONTAINERD = version('containerd', 'github.com/containerd/containerd/v2');
const COREDNS = version('coredns', 'github.com/coredns/coredns');
const GLUA = version('glua', 'github.com/yuin/gopher-lua');
const PROMETHEUS = version('promtool', 'github.com/prometheus/prometheus');
const KUSTOMIZE = version('kustomize', 'sigs.k8s.io/kustomize/kustomize/v5');
/**
 * @typedef {object} Program
 * @property {string} folder below the cache
 * @property {string} module folder of the wrapper module that builds it
 * @property {string} source Go package
 * @property {readonly string[]} [linkerFlags]
 * @property {string} [buildTags] Go build tags, separated by blanks
 * @property {boolean} [asset] looked for in KUBEBUILDER_ASSETS
 * @property {boolean} [archived] contained in the envtest archive
 * @property {{ args: readonly string[], accepts: RegExp }} [onPath] one on PATH is taken when its version is accepted
 * @property {{ package: string, path: string, folder: string }} [debian] taken out of a Debian package if `onPath` accepts
 *   its version; `path` in the package, `folder` below the cache
 */

/** @type {Readonly<Record<string, Program>>} */
export const PROGRAMS = {
  etcd: { ...kubernetes(NEWEST), module: 'etcd', source: 'go.etcd.io/etcd/server/v3', linkerFlags: [], archived: true },
  'kube-apiserver': { ...kubernetes(CHOSEN), source: 'k8s.io/kubernetes/cmd/kube-apiserver', archived: true },
  'kube-controller-manager': { ...kubernetes(NEWEST), source: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  kubectl: {
    ...kubernetes(CHOSEN),
    source: 'k8s.io/kubernetes/cmd/kubectl',
    archived: true,
    onPath: { args: ['version', '--client'], accepts: new RegExp(`^Client Version: ${minorOf(KUBERNETES)}\\.`, 'm') },
  },
  kubelet: { ...kubernetes(NEWEST), source: 'k8s.io/kubernetes/cmd/kubelet' },
  'kube-scheduler': { ...kubernetes(NEWEST), source: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  'kube-proxy': { ...kubernetes(NEWEST), source: 'k8s.io/kubernetes/cmd/kube-proxy' },
  containerd: containerd('containerd'),
  'containerd-shim-runc-v2': containerd('containerd-shim-runc-v2'),
  ctr: containerd('ctr'),
  coredns: {
    folder: join('tools', 'coredns', COREDNS),
    module: 'coredns',
    source: 'github.com/coredns/coredns',
  },
  pause: { folder: join('tools', 'pause', '1'), module: 'pause', source: '.' },
  glua: {
    folder: join('tools', 'glua', GLUA),
    module: 'glua',
    source: 'github.com/yuin/gopher-lua/cmd/glua',
  },
  kustomize: {
    folder: join('tools', 'kustomize', KUSTOMIZE),
    module: 'kustomize',
    source: 'sigs.k8s.io/kustomize/kustomize/v5',
    onPath: { args: ['version'], accepts: sameMinor(KUSTOMIZE) },
  },
  kpt: {
    folder: join('tools', 'kpt', KPT),
    module: 'kpt',
    source: '.',
    linkerFlags: [`-X main.version=${KPT.slice(1)}`],
    onPath: { args: ['version'], accepts: /^v?1\.0\.0-beta\.(5[5-9]|[6-9]\d|\d{3})\b/m },
  },
  helm: {
    folder: join('tools', 'helm', HELM),
    module: 'helm',
    source: 'helm.sh/helm/v3/cmd/helm',
    linkerFlags: [`-X helm.sh/helm/v3/internal/version.version=${HELM}`, ...helmKubernetes()],
    onPath: { args: ['version', '--short'], accepts: /^v3\.(2[2-9]|[3-9]\d)\./m },
  },
  helm4: {
    folder: join('tools', 'helm4', HELM4),
    module: 'helm4',
    source: 'helm.sh/helm/v4/cmd/helm',
    linkerFlags: [`-X helm.sh/helm/v4/internal/version.version=${HELM4}`],
  },
  promtool: {
    folder: join('tools', 'promtool', PROMETHEUS),
    module: 'promtool',
    source: 'github.com/prometheus/prometheus/cmd/promtool',
    linkerFlags: [`-X github.com/prometheus/common/version.Version=${prometheusRelease(PROMETHEUS)}`],
    onPath: { args: ['--version'], accepts: /^promtool, version (2\.[4-9]\d|[3-9]\.\d+)\./m },
    debian: { package: 'prometheus', path: 'usr/bin/promtool', folder: join('tools', 'promtool', 'debian') },
  },
};

/** Archives with etcd, kube-apiserver and kubectl, as every controller project uses them; SHA-512 of each. */
export const ENVTEST = {
  url: (platform) =>
    `https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-v1.36.2/envtest-v1.36.2-${platform}.tar.gz`,
  version: 'v1.36.2',
  sha512: {
    'linux-amd64':
      'ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dcf30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08',
    'linux-arm64':
      '2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae28181afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac',
    'darwin-amd64':
      'b4fe9f973cd1992e3880f8b230ed32c0c243b83371591e3e3315f4404df2cdbef8ee94eeb9bb245b7e5feb987d5c4a76c43e0877654ab73f00d7bbc2b9984514',
    'darwin-arm64':
      '9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce',
  },
};

/** PATCHGEN_KUBERNETES names a minor that has a wrapper module of its own, e.g. `1.32`. */
function kubernetesModule(wanted) {
  const newest = minorOf(version(NEWEST, 'k8s.io/kubernetes'));
  if (wanted === '' || newest === `v${wanted}`) return NEWEST;
  if (existsSync(join(MODULES, `kubernetes-${wanted}`, 'go.mod'))) return `kubernetes-${wanted}`;
  const others = readdirSync(MODULES).flatMap((name) => name.match(/^kubernetes-(.+)$/)?.[1] ?? []);
  const known = [...others, newest.slice(1)].join(', ');
  throw new Error(`PATCHGEN_KUBERNETES=${wanted}: there is no such minor here; known are ${known}`);
}

function kubernetes(module) {
  const release = version(module, 'k8s.io/kubernetes');
  const [major, minor] = release.slice(1).split('.');
  return {
    folder: join('control-plane', release),
    module,
    // Without these, clients see version v0.0.0 and complain.
    linkerFlags: [
      `-X k8s.io/component-base/version.gitVersion=${release}`,
      `-X k8s.io/component-base/version.gitMajor=${major}`,
      `-X k8s.io/component-base/version.gitMinor=${minor}`,
      '-X k8s.io/component-base/version.gitTreeState=clean',
      `-X k8s.io/client-go/pkg/version.gitVersion=${release}`,
    ],
    asset: module === NEWEST, // Whoever asks for another minor does not mean the one in KUBEBUILDER_ASSETS.
  };
}

/** v1.36 of v1.36.2 */
function minorOf(release) {
  return release.slice(0, release.lastIndexOf('.'));
}

function containerd(name) {
  return {
    folder: join('tools', 'containerd', CONTAINERD),
    module: 'containerd',
    source: `github.com/containerd/containerd/v2/cmd/${name}`,
    buildTags: 'no_btrfs no_devmapper no_zfs',
    linkerFlags: [`-X github.com/containerd/containerd/v2/version.Version=${CONTAINERD}`],
  };
}

/** Without these, `helm template` takes the cluster for a Kubernetes 1.20. */
function helmKubernetes() {
  const [, minor] = version('helm', 'k8s.io/client-go').slice(1).split('.');
  return ['helm.sh/helm/v3/pkg/chartutil', 'helm.sh/helm/v3/pkg/lint/rules'].flatMap((where) => [
    `-X ${where}.k8sVersionMajor=1`,
    `-X ${where}.k8sVersionMinor=${minor}`,
  ]);
}

/** Prometheus 3.15.0 is the Go module v0.315.0. */
function prometheusRelease(module) {
  const [, major, minor, patch] = module.match(/^v0\.(\d)(\d\d)\.(\d+)$/) ?? [];
  return `${major}.${Number(minor)}.${patch}`;
}

function sameMinor(pinned) {
  const [major, minor] = pinned.slice(1).split('.');
  return new RegExp(`\\bv?${major}\\.${minor}\\.\\d`);
}
