/** Images come to the node as OCI archives only: there is no registry, and no way to one. */
import { ctrCommand } from './containerd.ts';
import { type Daemon, untilAnswers } from './daemons.ts';
import { inside } from './namespaces.ts';
import { run } from './run.ts';

export async function untilContainerd(pid: number, containerd: Daemon, ctr: string): Promise<void> {
  const command = inside(pid, ctrCommand(ctr, 'version'));
  await untilAnswers(containerd, async () => (await run(command, { allowFailure: true })).code === 0);
}

/** Resolves once pods can use the image under the name that the archive gives it. */
export async function importImage(pid: number, ctr: string, archive: string): Promise<void> {
  await run(inside(pid, ctrCommand(ctr, 'images', 'import', archive)));
}
