/** What is done on a cluster of kind, as data: a user's way from the sources to packages. */

export interface Step {
  readonly title: string;
  readonly program: 'docker' | 'kind' | 'kubectl' | 'helm';
  readonly args: readonly string[];
}

export interface Plan {
  readonly steps: readonly Step[];
  /** What tells why, after a step failed. */
  readonly diagnosis: readonly Step[];
  /** Always done, unless the cluster shall stay. */
  readonly removal: Step;
}

export interface PlanOptions {
  readonly cluster: string;
  /** Where the cluster's access is written; never the user's own kubeconfig. */
  readonly kubeconfig: string;
  /** The image that the chart asks for by default. */
  readonly ref: string;
}

const NAMESPACE = 'patchgen-system';
const RELEASE = 'patchgen';

export function planFor({ cluster, kubeconfig, ref }: PlanOptions): Plan {
  const access = ['--kubeconfig', kubeconfig];
  const kubectl = (title: string, ...args: readonly string[]): Step => ({
    title,
    program: 'kubectl',
    args: [...access, ...args],
  });
  const helm = (title: string, ...args: readonly string[]): Step => ({
    title,
    program: 'helm',
    args: [...args, '--namespace', NAMESPACE, ...access],
  });
  const kind = (title: string, ...args: readonly string[]): Step => ({
    title,
    program: 'kind',
    args: [...args, '--name', cluster],
  });
  return {
    steps: [
      { title: 'Build the image', program: 'docker', args: ['build', '--tag', ref, '.'] },
      kind('Create the cluster', 'create', 'cluster', '--wait', '3m', ...access),
      kind('Load the image', 'load', 'docker-image', ref),
      helm(
        'Install the chart',
        'install',
        RELEASE,
        'charts/patchgen',
        '--create-namespace',
        '--wait',
        '--timeout',
        '5m',
      ),
      kubectl('Apply the samples', 'apply', '-f', 'config/samples'),
      kubectl(
        'Wait for packages',
        'wait',
        '-n',
        'shop',
        '--for=condition=Ready',
        'pi/web',
        'pi/orders-db',
        '--timeout=2m',
      ),
      kubectl('Look at the intents', 'get', 'pi', '-n', 'shop', '-o', 'wide'),
      kubectl(
        'Run a command in the image',
        'exec',
        '-n',
        NAMESPACE,
        `deploy/${RELEASE}`,
        '--',
        'patchgen',
        '--version',
      ),
      helm('Test the release', 'test', RELEASE, '--logs'),
      helm('Uninstall the release', 'uninstall', RELEASE, '--wait'),
      kubectl('See that the intents stayed', 'get', 'pi', '-n', 'shop', 'web'),
    ],
    diagnosis: [
      kubectl('Pods', 'get', 'pods', '-A', '-o', 'wide'),
      kubectl('Events', 'get', 'events', '-n', NAMESPACE),
      kubectl('Logs', 'logs', '-n', NAMESPACE, '-l', 'app.kubernetes.io/name=patchgen', '--tail=50', '--prefix'),
    ],
    removal: kind('Delete the cluster', 'delete', 'cluster', ...access),
  };
}
