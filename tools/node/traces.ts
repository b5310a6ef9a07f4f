/** What a node could leave on the machine, for a comparison of before and after. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupProcesses, cgroups } from './cgroups.ts';
import { HOST } from './layout.ts';
import { namespaceOf, processes } from './processes.ts';
import { run } from './run.ts';

/** Folders that these programs make where nobody tells them another place. */
const PLACES = [
  '/etc/cni',
  '/opt/cni',
  '/opt/containerd',
  '/run/containerd',
  '/run/netns',
  '/run/runc',
  '/usr/libexec/kubernetes',
  '/var/lib/cni',
  '/var/lib/containerd',
  '/var/lib/kubelet',
  '/var/log/containers',
  '/var/log/pods',
];

/** Settings of the kernel that these programs are known to change. */
const SYSCTLS = [
  'kernel.keys.root_maxbytes',
  'kernel.keys.root_maxkeys',
  'kernel.panic',
  'kernel.panic_on_oops',
  'net.ipv4.conf.all.forwarding',
  'net.ipv4.conf.all.route_localnet',
  'net.ipv4.ip_forward',
  'vm.overcommit_memory',
  'vm.panic_on_oom',
];

/**
 * One line for each thing. Other programs on the machine are left out, since they come and go meanwhile. `pidNamespace`
 * names the process namespace of a node, so that also its nameless processes are found.
 */
export async function traces(pidNamespace?: string): Promise<string[]> {
  return [
    ...processTraces(pidNamespace),
    ...cgroups().map((group) => `control group ${group}`),
    ...(existsSync(`/sys/class/net/${HOST.link}`) ? [`network link ${HOST.link}`] : []),
    ...readdirSync(tmpdir())
      .filter((name) => name.startsWith(HOST.folder))
      .map((name) => `folder ${join(tmpdir(), name)}`),
    ...PLACES.filter((place) => existsSync(place)).map((place) => `folder ${place}`),
    ...mountTraces(),
    ...SYSCTLS.map((key) => `sysctl ${key} = ${sysctl(key)}`),
    ...(await tableTraces()),
  ].sort();
}

/** What is there now and was not there before. */
export function newTraces(before: readonly string[], after: readonly string[]): string[] {
  return after.filter((line) => !before.includes(line));
}

function processTraces(pidNamespace = 'unknown'): string[] {
  // Pods have process namespaces of their own; they are known by their control groups.
  const inPods = new Set(cgroupProcesses());
  const isOurs = (pid: number, command: string): boolean =>
    inPods.has(pid) || command.includes(`/${HOST.folder}`) || namespaceOf(pid, 'pid') === pidNamespace;
  return processes()
    .filter(({ pid, command, dead }) => !dead && isOurs(pid, command))
    .map(({ pid, name, command }) => `process ${pid} ${name}: ${command.slice(0, 200)}`);
}

function mountTraces(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => /patchgen-node|kubelet|containerd|netns|kubepods/.test(line))
    .map((line) => `mount ${line.split(' ')[4]}`);
}

function sysctl(key: string): string {
  try {
    return readFileSync(join('/proc/sys', key.replaceAll('.', '/')), 'utf8').trim();
  } catch {
    return 'absent';
  }
}

/** Rules of kube-proxy and CNI, which belong to the node's network only. */
async function tableTraces(): Promise<string[]> {
  const { stdout } = await run(['nft', 'list', 'ruleset'], { allowFailure: true }).catch(() => ({ stdout: '' }));
  return stdout
    .split('\n')
    .filter((line) => /^\s*(table|chain) .*(kube|cni)/i.test(line))
    .map((line) => `nftables ${line.trim()}`);
}
