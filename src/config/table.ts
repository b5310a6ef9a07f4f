import {
  bindAddress,
  byteSize,
  contextName,
  duration,
  flag,
  fraction,
  type Kind,
  namespace,
  namespaces,
  objectName,
  path,
  wholeNumber,
} from './kinds.ts';

export const GROUPS = ['Packages', 'Work', 'Safety', 'Cluster', 'Leader election', 'Serving', 'Other'] as const;

/** One row: everything that help, parsing, docs and the chart need to know of a setting. */
export interface Setting<T> {
  /** Long flag without dashes. Environment and file keys follow from it. */
  readonly flag: string;
  readonly group: (typeof GROUPS)[number];
  readonly kind: Kind<T>;
  /** As a user would type it; undefined where the value is absent unless given. */
  readonly default: string | undefined;
  /** What the absent or empty value means, where help must say it. */
  readonly absent?: string;
  readonly help: string;
}

/** The settings of the operator and its commands, one row each. The key is the name in `Settings`. */
export const SETTINGS = {
  outputDir: {
    flag: 'output-dir',
    group: 'Packages',
    kind: path,
    default: '/var/lib/patchgen',
    help: 'directory on the volume of the packages; they live in its folder packages/',
  },
  minFreeSpaceBytes: {
    flag: 'min-free-space',
    group: 'Packages',
    kind: byteSize,
    default: '1Mi',
    help: 'free space that must remain on the volume; with less the operator is not ready and publishes nothing',
  },
  gcGraceMs: {
    flag: 'gc-grace',
    group: 'Packages',
    kind: duration('0s', '1h'),
    default: '1h',
    help: 'how long package content that nothing links to any more stays for readers',
  },
  brakeCount: {
    flag: 'brake-count',
    group: 'Packages',
    kind: wholeNumber(0, 1_000_000),
    default: '20',
    help: 'hold removals when more packages than this, and more than the brake fraction, would go at once',
  },
  brakeFraction: {
    flag: 'brake-fraction',
    group: 'Packages',
    kind: fraction,
    default: '0.5',
    help: 'hold removals when more than this part of all packages, and more than the brake count, would go at once',
  },
  takeOver: {
    flag: 'take-over',
    group: 'Packages',
    kind: flag,
    default: 'false',
    help: 'write to the packages although another process that may be alive claimed them; make sure that it is gone',
  },
  workers: {
    flag: 'workers',
    group: 'Work',
    kind: wholeNumber(1, 256),
    default: '16',
    help: 'intents that are worked on at the same time',
  },
  resyncIntervalMs: {
    flag: 'resync-interval',
    group: 'Work',
    kind: duration('100ms', '10m'),
    default: '10m',
    help: 'how often every intent and its package are looked at again without a change (with jitter)',
  },
  validationTimeoutMs: {
    flag: 'validation-timeout',
    group: 'Work',
    kind: duration('1ms', '30s'),
    default: '30s',
    help: 'deadline for reading and checking one input',
  },
  strictMode: {
    flag: 'strict-mode',
    group: 'Work',
    kind: flag,
    default: 'false',
    help: 'turn warnings, such as a missing correlation id, into refusals',
  },
  livePlans: {
    flag: 'live-plans',
    group: 'Safety',
    kind: flag,
    default: 'true',
    help: 'plan against the live target; false plans from the intent alone, for packages that are meant for another cluster',
  },
  planDryRun: {
    flag: 'plan-dry-run',
    group: 'Safety',
    kind: flag,
    default: 'false',
    help: 'ask the API server what it would say to the patch; needs the right to patch targets',
  },
  policies: {
    flag: 'policies',
    group: 'Safety',
    kind: flag,
    default: 'true',
    help: 'hold changes against the PatchPolicies of the cluster; false enforces none and never reads them',
  },
  approvalGuard: {
    flag: 'approval-guard',
    group: 'Safety',
    kind: flag,
    default: 'true',
    help: 'count approvals only while the admission policies that guard the names of approvers are installed and unchanged',
  },
  kubeconfig: {
    flag: 'kubeconfig',
    group: 'Cluster',
    kind: path,
    default: undefined,
    absent: 'KUBECONFIG, then ~/.kube/config, then the service account of the pod',
    help: 'kubeconfig file with the cluster to work on',
  },
  context: {
    flag: 'context',
    group: 'Cluster',
    kind: contextName,
    default: undefined,
    absent: 'the current context',
    help: 'context of the kubeconfig',
  },
  watchNamespaces: {
    flag: 'watch-namespaces',
    group: 'Cluster',
    kind: namespaces,
    default: '',
    absent: 'all namespaces',
    help: 'namespaces whose intents this operator handles, separated by commas',
  },
  allowedTargetNamespaces: {
    flag: 'allowed-target-namespaces',
    group: 'Cluster',
    kind: namespaces,
    default: '',
    absent: 'those that policies name and that consent',
    help: 'bound on the namespaces that intents of other namespaces may target by policy, separated by commas',
  },
  leaderElect: {
    flag: 'leader-elect',
    group: 'Leader election',
    kind: flag,
    default: 'true',
    help: 'work only while holding a Lease, so that several replicas can run',
  },
  leaderElectionId: {
    flag: 'leader-election-id',
    group: 'Leader election',
    kind: objectName,
    default: 'patchgen',
    help: 'name of the Lease',
  },
  leaderElectionNamespace: {
    flag: 'leader-election-namespace',
    group: 'Leader election',
    kind: namespace,
    default: undefined,
    absent: 'the namespace of the pod or of the kubeconfig context',
    help: 'namespace of the Lease',
  },
  leaseDurationMs: {
    flag: 'leader-election-lease-duration',
    group: 'Leader election',
    kind: duration('1s', '15s'),
    default: '15s',
    help: 'how long others wait before they take a Lease that is not renewed',
  },
  renewDeadlineMs: {
    flag: 'leader-election-renew-deadline',
    group: 'Leader election',
    kind: duration('100ms', '10s'),
    default: '10s',
    help: 'how long the leader tries to renew before it gives up; shorter than the lease duration',
  },
  retryPeriodMs: {
    flag: 'leader-election-retry-period',
    group: 'Leader election',
    kind: duration('10ms', '2s'),
    default: '2s',
    help: 'pause between two tries to take or renew the Lease; 1.2 times it is shorter than the renew deadline',
  },
  metricsBindAddress: {
    flag: 'metrics-bind-address',
    group: 'Serving',
    kind: bindAddress,
    default: ':8080',
    help: 'where /metrics is served; 0 switches it off',
  },
  healthProbeBindAddress: {
    flag: 'health-probe-bind-address',
    group: 'Serving',
    kind: bindAddress,
    default: ':8081',
    help: 'where /healthz, /livez and /readyz are served; 0 switches it off',
  },
  debug: {
    flag: 'debug',
    group: 'Other',
    kind: flag,
    default: 'false',
    help: 'log every decision',
  },
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof SETTINGS;

/** The row of a setting without its value type, for code that treats all rows alike. */
export const rowOf = (name: SettingName): Setting<unknown> => SETTINGS[name];

export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS) as SettingName[];

/** `output-dir` → `outputDir`: the key in the config file, in chart values, and in commander's options. */
export const fileKeyOf = (flagName: string): string =>
  flagName.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** `output-dir` → `PATCHGEN_OUTPUT_DIR`. */
export const variableOf = (flagName: string): string => `PATCHGEN_${flagName.replaceAll('-', '_').toUpperCase()}`;
