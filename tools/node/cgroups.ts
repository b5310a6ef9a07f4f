/** Control groups of the node: one of a fixed name in each hierarchy, version 1 and 2 alike. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { HOST } from './layout.ts';

/** Where hierarchies are mounted; several controllers may share one. */
export function hierarchies(): string[] {
  const found = new Set<string>();
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [place = '', description = ''] = line.split(' - ');
    const [type] = description.split(' ');
    if (type === 'cgroup' || type === 'cgroup2') found.add(place.split(' ')[4] ?? '');
  }
  return [...found].sort();
}

/** kubelet starts only if its root is there in each of them. */
export function makeCgroups(): void {
  for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, HOST.cgroup), { recursive: true });
}

/** The node's groups that are there now, parents first. */
export function cgroups(): string[] {
  return hierarchies().flatMap((hierarchy) => [...tree(join(hierarchy, HOST.cgroup))]);
}

/** Pids of what runs in them, as this process sees them. */
export function cgroupProcesses(): number[] {
  return processesIn(cgroups());
}

function processesIn(groups: readonly string[]): number[] {
  const pids = new Set<number>();
  for (const group of groups) {
    for (const line of read(join(group, 'cgroup.procs')).split('\n')) if (Number(line) > 0) pids.add(Number(line));
  }
  return [...pids];
}

/** As `kubectl top` counts: what is charged to the pod, without file pages that nobody used lately. */
export function podMemory(uid: string): number {
  const group = cgroups().find((path) => path.endsWith(`/pod${uid}`) && existsSync(join(path, usageFile(path))));
  if (group === undefined) return 0;
  const inactive = read(join(group, 'memory.stat')).match(/^(?:total_)?inactive_file (\d+)$/m)?.[1];
  return Number(read(join(group, usageFile(group)))) - Number(inactive ?? 0);
}

/** Pids of what runs in a pod. */
export function podProcesses(uid: string): number[] {
  return processesIn(cgroups().filter((path) => path.includes(`/pod${uid}`)));
}

/** Version 2 of control groups names it `memory.current`. */
function usageFile(group: string): string {
  return existsSync(join(group, 'memory.current')) ? 'memory.current' : 'memory.usage_in_bytes';
}

/** Removes what can be removed: groups that nothing runs in. The kernel takes a moment to let go of a dead process. */
export function removeCgroups(): void {
  for (const group of cgroups().reverse()) {
    try {
      rmdirSync(group);
    } catch {
      // Still in use, or gone: the caller looks again.
    }
  }
}

function* tree(group: string): Generator<string> {
  let names: string[];
  try {
    names = readdirSync(group, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return;
  }
  yield group;
  for (const name of names) yield* tree(join(group, name));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
