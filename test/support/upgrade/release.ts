import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { at, type Helm, runHelm } from '../helm.ts';
import { CRD } from '../helm-cluster.ts';
import { type ServiceAccount, serviceAccount } from '../operator-account.ts';
import { eventually, type OperatorWorld } from '../operator-world.ts';
import type { Version } from './fixture.ts';

export const NAMESPACE = 'patchgen-system';
const RELEASE = 'patchgen';

/** A release of the chart on the control plane of a world. There are no nodes: its operators are started by the test. */
export interface Release {
  install(version: Version, values?: object): Promise<string>;
  upgrade(chart: string, values?: object): Promise<string>;
  rollback(revision: number): Promise<string>;
  uninstall(): Promise<string>;
  /** An operator with the arguments of the Deployment as it is now, and its account. Resolves once it is ready. */
  pod(version: Version, outputDir: string): Promise<OperatorProcess>;
  /** The names of the columns of the CRD in the cluster. */
  columns(): Promise<readonly string[]>;
}

export async function releaseIn(world: OperatorWorld, helm: Helm = 'helm'): Promise<Release> {
  const { plane } = world;
  await world.namespace(NAMESPACE);
  const run = async (args: readonly string[], values?: object): Promise<string> => {
    const more = ['--namespace', NAMESPACE, ...(values === undefined ? [] : ['--values', '-'])];
    const input = JSON.stringify(values ?? {});
    const { code, stdout, stderr } = await runHelm([...args, ...more], { helm, kubeconfig: plane.kubeconfig, input });
    if (code !== 0) throw new Error(`${helm} ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return {
    async install({ chart }, values = {}) {
      const told = await run(['install', RELEASE, chart], values);
      await eventually('intents are served', async () => {
        const { status } = await plane.request('GET', '/apis/patchgen.dev/v1alpha1/patchintents?limit=1');
        return status === 200;
      });
      return told;
    },
    upgrade: (chart, values = {}) => run(['upgrade', RELEASE, chart], values),
    rollback: (revision) => run(['rollback', RELEASE, String(revision)]),
    uninstall: () => run(['uninstall', RELEASE]),
    async pod({ program }, outputDir) {
      const { body } = await plane.request('GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${RELEASE}`);
      const args = at(body, 'spec.template.spec.containers.0.args') as readonly string[];
      const name = at(body, 'spec.template.spec.serviceAccountName') as string;
      const account: ServiceAccount = await serviceAccount(plane, NAMESPACE, name);
      return world.start({
        account,
        program,
        outputDir,
        flags: [...flagsOf(args), '--leader-election-namespace', NAMESPACE],
      });
    },
    async columns() {
      const { body } = await plane.request('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${CRD}`);
      const columns = at(body, 'spec.versions.0.additionalPrinterColumns') as readonly { readonly name: string }[];
      return columns.map((column) => column.name);
    },
  };
}

/** What the machine decides here and not the cluster: ports, and where the volume is. */
const OWN = /^--(output-dir|metrics-bind-address|health-probe-bind-address)=/;

function flagsOf(args: readonly string[]): readonly string[] {
  const [command, ...flags] = args;
  if (command !== 'run') throw new Error(`the Deployment runs ${args.join(' ')}`);
  return flags.filter((flag) => !OWN.test(flag));
}
