import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeTypeOf } from '../../../src/changes/index.ts';
import { runCli } from '../../../src/cli/frame.ts';
import type { Publisher } from '../../../src/kpt/publisher/publisher.ts';
import { startPublisher } from '../../../src/kpt/publisher/start.ts';
import { renderPackage } from '../../../src/kpt/render.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { currentClaimant } from '../../../src/platform/processes/claimant.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { recordedIo } from '../../support/io.ts';
import { resolvedSpec } from '../../support/specs.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A root in which two versions of one package were published: the first is unused now. */
async function usedRoot(
  claimant = currentClaimant(),
): Promise<{ readonly folder: string; readonly publisher: Publisher }> {
  const folder = tempFolder();
  const publisher = startPublisher({
    root: join(folder, 'packages'),
    minFreeBytes: 0,
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
    claimant,
  });
  publisher.setLeaseDeadline(2n ** 62n);
  await publisher.claim({ takeOver: false, exclusive: true });
  for (const replicas of [3, 5]) await publisher.publish(requestFor(replicas));
  return { folder, publisher };
}

function requestFor(replicas: number) {
  const plan = changeTypeOf('scaling')?.plan(resolvedSpec({ replicas }));
  if (plan === undefined) throw new Error('no scaling');
  const record = { uid: 'u', generation: replicas };
  return { namespace: 'shop', intent: 'web', package: renderPackage(plan), record };
}

async function gc(folder: string, ...args: readonly string[]) {
  const io = recordedIo();
  const code = await runCli(['gc', '--output-dir', folder, '-o', 'json', ...args], io);
  return {
    code,
    err: io.err(),
    ...(code === 0 ? (JSON.parse(io.out()) as { removed: number; pending: number; packages: number }) : {}),
  };
}
const entries = (folder: string) => readdir(join(folder, 'packages/.patchgen/store'));

test('unused content stays for its grace, goes without one, and what is published never goes', async () => {
  const { folder, publisher } = await usedRoot();
  await publisher.close();
  expect(await gc(folder)).toMatchObject({ code: 0, removed: 0, pending: 1, packages: 1 });
  expect(await entries(folder)).toHaveLength(2);
  expect(await gc(folder, '--gc-grace', '0s')).toMatchObject({
    code: 0,
    removed: 1,
    pending: 0,
    packages: 1,
  });
  expect(await entries(folder)).toHaveLength(1);
});

test('with --wait one run removes what is still unused after the grace', async () => {
  const { folder, publisher } = await usedRoot();
  await publisher.close();
  expect(await gc(folder, '--gc-grace', '50ms', '--wait')).toMatchObject({ removed: 1, pending: 0 });
});

test('a root whose writer may be alive is refused; --take-over ends that writer', async () => {
  const elsewhere = { host: 'another-pod', bootId: 'another-boot', pid: 1, startTime: '1' };
  const { folder, publisher } = await usedRoot(elsewhere);
  try {
    const refused = await gc(folder, '--gc-grace', '0s');
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^error: .*take-over/);
    expect(await entries(folder)).toHaveLength(2);
    expect((await gc(folder, '--gc-grace', '0s', '--take-over')).code).toBe(0);
    await expect(publisher.publish(requestFor(7))).rejects.toMatchObject({ reason: 'LeadershipLost' });
  } finally {
    await publisher.close();
  }
});

test('a mistyped directory is an error, and nothing is made there', async () => {
  const folder = tempFolder();
  const { code, err } = await gc(join(folder, 'nope'));
  expect(code).toBe(1);
  expect(err).toContain('output directory does not exist');
  expect(await readdir(folder)).toEqual([]);
});
