/** One release of our chart on the real node, as its user sees it: helm, kubectl, pods. */
import type { AttachedNode } from '../../../tools/node/attached.ts';
import { eventually } from '../eventually.ts';
import { CHART, type Helm, runHelm } from '../helm.ts';

export interface ReleaseOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly helm?: Helm;
}

export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly image: string; readonly args?: readonly string[] }[] };
  readonly status: {
    readonly podIP?: string;
    readonly qosClass?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly containerID?: string;
      readonly state?: { readonly terminated?: { readonly reason?: string } };
      readonly lastState?: { readonly terminated?: { readonly reason?: string } };
    }[];
  };
}

export interface Release {
  readonly name: string;
  /** Name of its objects, such as the ServiceAccount and the Lease. */
  readonly fullname: string;
  readonly namespace: string;
  /** `helm install --create-namespace --wait`; values as helm reads them from a file. */
  install(values?: object): Promise<string>;
  /** `helm upgrade --wait`, with this chart or another folder. */
  upgrade(values?: object, how?: { readonly chart?: string; readonly timeout?: string }): Promise<string>;
  uninstall(): Promise<void>;
  /** Any other command of helm on this release, such as `test`. Throws with what helm says. */
  helm(...args: string[]): Promise<string>;
  pods(): Promise<readonly Pod[]>;
  /** Name of the pod that holds the Lease. */
  leader(): Promise<string>;
  /** Resolves with the new leader, once it is another than `old`. */
  leaderAfter(old: string): Promise<string>;
  /** `kubectl exec <pod> -- …`; stdout. */
  exec(pod: string, ...command: string[]): Promise<string>;
}

export function release(node: AttachedNode, options: ReleaseOptions = {}): Release {
  const { name = 'patchgen', namespace = 'patchgen-system', helm = 'helm' } = options;
  const fullname = name.includes('patchgen') ? name : `${name}-patchgen`;
  const call = async (args: readonly string[], input = ''): Promise<string> => {
    const { code, stdout, stderr } = await runHelm(args, { helm, kubeconfig: node.kubeconfig, input });
    if (code !== 0)
      throw new Error(`helm ${args.join(' ')} ended with ${code}: ${stderr}${await troubles(node, namespace)}`);
    return stdout;
  };
  const place = ['--namespace', namespace];
  const waiting = [...place, '--values', '-', '--wait'];
  const leader = async (): Promise<string> => {
    const { body } = await node.request(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${fullname}`,
    );
    const holder = (body as { spec?: { holderIdentity?: string } }).spec?.holderIdentity ?? '';
    const pods = await podsOf(node, namespace, name);
    return pods.find((pod) => holder.startsWith(pod.metadata.name))?.metadata.name ?? '';
  };
  return {
    name,
    fullname,
    namespace,
    install: (values = {}) =>
      call(['install', name, CHART, '--create-namespace', ...waiting, '--timeout', '4m'], JSON.stringify(values)),
    upgrade: (values = {}, { chart = CHART, timeout = '4m' } = {}) =>
      call(['upgrade', name, chart, ...waiting, '--timeout', timeout], JSON.stringify(values)),
    async uninstall() {
      await call(['uninstall', name, ...place, '--wait']);
      await eventually('its pods are gone', async () => (await podsOf(node, namespace, name)).length === 0);
    },
    helm: (...args) => call([...args, ...place]),
    pods: () => podsOf(node, namespace, name),
    leader,
    async leaderAfter(old) {
      let now = '';
      await eventually('another pod leads', async () => {
        now = await leader();
        return now !== '' && now !== old;
      });
      return now;
    },
    exec: async (pod, ...command) => (await node.kubectl(['exec', '-n', namespace, pod, '--', ...command])).stdout,
  };
}

export const isReady = ({ status, metadata }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

export const restarts = ({ status }: Pod): number =>
  (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);

export const args = ({ spec }: Pod): readonly string[] => spec.containers.flatMap(({ args = [] }) => args);

async function podsOf(node: AttachedNode, namespace: string, instance: string): Promise<readonly Pod[]> {
  const selector = encodeURIComponent(`app.kubernetes.io/instance=${instance},app.kubernetes.io/component=operator`);
  const { body } = await node.request('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  return (body as { items?: readonly Pod[] }).items ?? [];
}

/** What a person would look at first. */
async function troubles(node: AttachedNode, namespace: string): Promise<string> {
  const looks = [
    ['get', 'pods', '-n', namespace, '-o', 'wide'],
    ['get', 'events', '-n', namespace, '--sort-by=.lastTimestamp'],
    ['logs', '-n', namespace, '-l', 'app.kubernetes.io/component=operator', '--tail=20', '--prefix'],
  ];
  const seen: string[] = [];
  for (const look of looks) {
    const { stdout, stderr } = await node.kubectl(look, { allowFailure: true });
    seen.push(`$ kubectl ${look.join(' ')}\n${stdout}${stderr}`);
  }
  return `\n${seen.join('\n')}`;
}
