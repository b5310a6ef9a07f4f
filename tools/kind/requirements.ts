/** What a machine needs for a cluster of kind. */
import { spawnSync } from 'node:child_process';

interface Requirement {
  readonly program: string;
  readonly args: readonly string[];
  /** What to do when the program is not there. */
  readonly absent: string;
  /** What to do when it is there and fails. */
  readonly failing: string;
}

const REQUIREMENTS: readonly Requirement[] = [
  {
    program: 'docker',
    args: ['version', '--format', '{{.Server.Version}}'],
    absent: 'Docker is not installed: see https://docs.docker.com/engine/install',
    failing: 'Docker is installed, but its engine does not answer: start it, or let this user talk to it',
  },
  {
    program: 'kind',
    args: ['version'],
    absent: 'kind is not installed: see https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
    failing: 'kind is installed, but does not run',
  },
];

/** One sentence for each thing that is missing on the PATH of `env`; empty when a cluster can be made. */
export function missing(env: NodeJS.ProcessEnv): string[] {
  return REQUIREMENTS.flatMap(({ program, args, absent, failing }) => {
    const { error, status, stderr } = spawnSync(program, [...args], { env, encoding: 'utf8', timeout: 30_000 });
    if (error !== undefined && 'code' in error && error.code === 'ENOENT') return [absent];
    if (error === undefined && status === 0) return [];
    const said = (error?.message ?? stderr).trim().split('\n', 1)[0];
    return [said === undefined || said === '' ? `${failing}.` : `${failing} (${said}).`];
  });
}
