/**
 * The node's own mount, network and process namespaces. Their first process holds them: when it is killed, the kernel
 * kills every process inside, and takes mounts and interfaces along. So nothing in there needs an orderly end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ADDRESS, HOST } from './layout.ts';
import { childOf } from './processes.ts';
import { run } from './run.ts';

/** What kubelet wants to find in these, so that it does not change the machine's: files of our own lie over them. */
const SYSCTLS: Readonly<Record<string, number>> = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
};

// `/run` is empty in there, and `/var/lib` and `/var/log` take writes in memory: programs with built-in paths leave the
// machine's folders alone. The first process stays to bury the orphans that come to it.
const FIRST = `
set -e
mount --make-rshared /
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/over
for place in lib log; do
  mkdir -p /run/over/$place /run/over/$place.work
  mount -t overlay overlay -o "lowerdir=/var/$place,upperdir=/run/over/$place,workdir=/run/over/$place.work" /var/$place
done
cd "$1"
find . -type f | while read -r key; do
  [ ! -e "/proc/sys/$key" ] || mount --bind "$1/$key" "/proc/sys/$key"
done
cd /
echo ready
set +e
while :; do sleep 3600 & wait $!; done
`;

export interface Namespaces {
  /** The first process, as the machine numbers it. */
  readonly pid: number;
  /** The parent of the first process; ends when the namespaces do. */
  readonly holder: ChildProcess;
}

/** Makes them, with a cable to the machine. They die with this process, whatever kills it. */
export async function makeNamespaces(dir: string): Promise<Namespaces> {
  const sysctls = join(dir, 'sysctls');
  for (const [key, value] of Object.entries(SYSCTLS)) {
    mkdirSync(join(sysctls, key, '..'), { recursive: true });
    writeFileSync(join(sysctls, key), `${value}\n`);
  }
  const unshare = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
  const args = ['--pdeathsig', 'KILL', ...unshare, '--propagation', 'private', '/bin/sh', '-c', FIRST, 'node', sysctls];
  const holder = spawn('setpriv', args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  holder.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const ready = once(createInterface({ input: holder.stdout }), 'line');
  const ended = once(holder, 'close').then(() => {
    throw new Error(`no namespaces: ${complaint.trim()}`);
  });
  await Promise.race([ready, ended]);
  ended.catch(() => undefined);
  const pid = childOf(holder.pid ?? 0);
  if (pid === undefined) throw new Error('the first process of the namespaces is gone');
  await plugIn(pid);
  return { pid, holder };
}

/** The command line that runs a program in there. Only absolute paths work. */
export function inside(pid: number, command: readonly string[]): string[] {
  return ['nsenter', '--target', String(pid), '--net', '--mount', '--pid', '--', ...command];
}

/** The command line that runs a program of the machine, with the machine's files, in the node's network. */
export function inNetwork(pid: number, command: readonly string[]): string[] {
  return ['nsenter', '--target', String(pid), '--net', '--', ...command];
}

async function plugIn(pid: number): Promise<void> {
  const ip = (...args: string[]) => run(['ip', ...args]);
  const within = (...args: string[]) => run(inNetwork(pid, ['ip', ...args]));
  await ip('link', 'add', HOST.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
  await ip('address', 'add', `${ADDRESS.host}/${ADDRESS.prefix}`, 'dev', HOST.link);
  await ip('link', 'set', HOST.link, 'up');
  await within('link', 'set', 'lo', 'up');
  await within('address', 'add', `${ADDRESS.node}/${ADDRESS.prefix}`, 'dev', 'eth0');
  await within('link', 'set', 'eth0', 'up');
  // There is no way out: what tries to pull an image fails at once. Services need a route before they are translated.
  await within('route', 'add', 'unreachable', 'default');
  await within('route', 'add', ADDRESS.services, 'dev', 'eth0');
  await run(inside(pid, ['/bin/sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']));
}
