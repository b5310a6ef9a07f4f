import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { cgroups } from '../../../tools/node/cgroups.ts';
import { NodeIsTaken, untilNoNode } from '../../../tools/node/guardian.ts';
import { startNode } from '../../../tools/node/node.ts';
import { namespaceOf } from '../../../tools/node/processes.ts';
import { newTraces, traces } from '../../../tools/node/traces.ts';
import { runPausePod } from '../../support/node/pause-pod.ts';

// Whatever ends a node, the machine is as before.

const STARTER = join(import.meta.dirname, '../../support/node/starter.ts');

let before: readonly string[];
beforeAll(async () => {
  before = await traces();
});

const left = async (pidNamespace?: string): Promise<string[]> => newTraces(before, await traces(pidNamespace));

/** A node that another process started: the pids of that process, of its guardian, and of the first one in the node. */
async function nodeOfAnotherProcess(): Promise<{ starter: number; guardian: number; node: number }> {
  const child = spawn(process.execPath, [STARTER], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the starter ended')));
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string];
  const { pid, guardianPid } = JSON.parse(line) as { pid: number; guardianPid: number };
  return { starter: child.pid ?? 0, guardian: guardianPid, node: pid };
}

test('a second node is refused with the name of the holder; a stop leaves the machine as it was', async () => {
  const node = await startNode();
  onTestFinished(() => node.stop());
  const space = namespaceOf(node.pid, 'pid');
  await runPausePod(node);
  const busy = await left(space);
  for (const part of [
    / kubelet: /,
    / pause: \/pause/,
    /control group .*kubepods/,
    /network link/,
    /folder .*patchgen-node-/,
  ]) {
    expect(busy.join('\n')).toMatch(part);
  }
  const second = startNode({ waitMs: 0 });
  await expect(second).rejects.toThrow(NodeIsTaken);
  await expect(second).rejects.toThrow(`process ${node.guardianPid} `);
  await node.stop();
  expect(await left(space)).toEqual([]);
});

test('a starter that is killed takes its node along', async () => {
  const { starter, node } = await nodeOfAnotherProcess();
  const space = namespaceOf(node, 'pid');
  process.kill(starter, 'SIGKILL');
  expect(await untilNoNode(60)).toBe(true);
  expect(await left(space)).toEqual([]);
});

test('what is left when the guardian is killed too is taken away by the next start', async () => {
  const { starter, guardian, node } = await nodeOfAnotherProcess();
  const space = namespaceOf(node, 'pid');
  process.kill(guardian, 'SIGKILL');
  process.kill(starter, 'SIGKILL');
  expect(await untilNoNode(60)).toBe(true);
  const remains = await left();
  expect(remains).not.toEqual([]);
  expect(remains.filter((line) => /^(mount|sysctl|nftables)/.test(line))).toEqual([]);
  const next = await startNode();
  onTestFinished(() => next.stop());
  await next.stop();
  expect(cgroups()).toEqual([]);
  expect(await left(space)).toEqual([]);
});

test('a node that does not come up says why, and leaves only its logs', async () => {
  const failure = await startNode({ images: ['/no/such/image.tar'] }).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  expect(failure?.message).toMatch(/\/no\/such\/image\.tar/);
  const logs = failure?.message.match(/kept in (\S+):/)?.[1] ?? '';
  expect(existsSync(join(logs, 'containerd.log'))).toBe(true);
  rmSync(dirname(logs), { recursive: true });
  expect(await left()).toEqual([]);
});
