import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { type Environment, environment, type SettingName, type Settings } from '../config.ts';
import type { Publisher } from '../kpt/publisher/publisher.ts';
import { startPublisher } from '../kpt/publisher/start.ts';
import { sleep, systemClock } from '../platform/clock.ts';
import { printable } from '../platform/escape.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { keyOfPackage } from '../reconcile/key.ts';
import type { Io } from './io.ts';
import { type Format, outputOption, printData } from './output.ts';
import { addSettings, settingsOf } from './settings-options.ts';

const NAMES = ['outputDir', 'gcGraceMs', 'takeOver', 'minFreeSpaceBytes'] as const satisfies readonly SettingName[];
type GcSettings = Pick<Settings, (typeof NAMES)[number]>;

const DETAILS = `
The operator does this by itself; the command is for a root without one. It becomes the only writer, so it is refused
while another process may be alive that claimed the root. With --take-over it goes ahead: an operator that still runs
steps down at its next write. Published packages are never removed.

What is unused now may still be read, so it stays for --gc-grace. A single run saw nothing before, so it removes nothing
unless you let it wait (--wait) or say that nobody reads (--gc-grace 0s).

Examples:
  $ patchgen gc --output-dir /var/lib/patchgen --gc-grace 0s
  $ patchgen gc --output-dir /var/lib/patchgen --gc-grace 5m --wait`;

interface Collected {
  readonly root: string;
  readonly removed: number;
  readonly pending: number;
  readonly packages: number;
  /** Packages whose content on disk is not what was published. */
  readonly tampered: readonly string[];
  /** Paths of things that Patchgen did not make, and leaves alone. */
  readonly foreign: readonly string[];
}

/** `patchgen gc`: removes package content that nothing links to any more. */
export function gcCommand(io: Io, env: Environment = environment()): Command {
  const command = new Command('gc')
    .description('Removes package content that nothing links to any more.')
    .option('--wait', 'stay for --gc-grace and remove what is still unused then')
    .addOption(outputOption())
    .addHelpText('after', DETAILS);
  return addSettings(command, NAMES).action(async (flags: { readonly wait?: boolean; readonly output: Format }) => {
    const settings = settingsOf(command, NAMES, env);
    const collected = await collect(settings, flags.wait === true);
    if (flags.output === 'text') io.stdout.write(textOf(collected, settings));
    else printData(io, flags.output, collected);
  });
}

async function collect(settings: GcSettings, wait: boolean): Promise<Collected> {
  const root = join(settings.outputDir, 'packages');
  await assertRoot(root);
  const publisher = startPublisher({
    root,
    minFreeBytes: settings.minFreeSpaceBytes,
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
  });
  try {
    // No Lease stands behind this process; the claim itself is exclusive.
    publisher.setLeaseDeadline(2n ** 62n);
    const { rootId, tampered } = await publisher.claim({ takeOver: settings.takeOver, exclusive: true });
    const swept = await sweepAll(publisher, settings.gcGraceMs, wait);
    const { packages, foreign } = await publisher.inventory();
    return { root: rootId, ...swept, packages: packages.length, tampered: tampered.map(keyOfPackage), foreign };
  } finally {
    await publisher.close();
  }
}

/** The publisher would make a root where there is none, and a mistyped path is no reason for one. */
async function assertRoot(root: string): Promise<void> {
  const found = await stat(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found?.isDirectory() !== true) throw new Error(`output directory does not exist, or holds no packages: ${root}`);
}

async function sweepAll(publisher: Publisher, graceMs: number, wait: boolean) {
  const first = await sweepToEnd(publisher, graceMs);
  if (!wait || first.pending === 0) return first;
  await sleep({ ...systemClock, after: alive }, graceMs);
  const second = await sweepToEnd(publisher, graceMs);
  return { removed: first.removed + second.removed, pending: second.pending };
}

/** The timers of the system clock let the process end; this one must not. */
function alive(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** One sweep removes a bounded number, and what it removed may leave an empty directory for the next. */
async function sweepToEnd(publisher: Publisher, graceMs: number): Promise<{ removed: number; pending: number }> {
  let total = 0;
  for (;;) {
    const { removed, pending } = await publisher.sweep(graceMs);
    total += removed;
    if (removed === 0) return { removed: total, pending };
  }
}

function textOf({ root, removed, pending, packages, tampered, foreign }: Collected, { gcGraceMs }: GcSettings): string {
  const grace = `${gcGraceMs / 1000}s`;
  return [
    `Removed from root ${root}: ${removed}. Still unused: ${pending}. Published packages: ${packages}.`,
    ...(pending > 0
      ? [`What is unused stays for readers for ${grace} (--gc-grace): --wait removes it then, --gc-grace 0s now.`]
      : []),
    ...tampered.map((key) => `Changed on disk: ${key}. The operator restores it; patchgen verify tells what differs.`),
    ...foreign.map((path) => `Not made by Patchgen and left alone: ${path}`),
  ]
    .map((line) => `${printable(line)}\n`)
    .join('');
}
