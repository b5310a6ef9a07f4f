/** `npm run e2e`: installs the chart on a real node as a user would, and looks afterwards whether anything is left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { binaries } from '../setup/binaries.mjs';
import { lockHolder, untilNoNode } from './guardian.ts';
import { NODE_PROGRAMS } from './node.ts';
import { makeScratch, removeScratch } from './scratch.ts';
import { machine, obstacle } from './suitable.ts';
import { newTraces, traces } from './traces.ts';
import { takeTurn } from './turn.ts';

const HELP = `Brings up a real Kubernetes node on this machine (kubelet, containerd, runc), loads our image, installs the chart with
helm and uses it as a user would. Linux and root only; needs no Docker and no network once the programs are built.

Usage: npm run e2e [-- <options> [<file>…]]

  --full   also the long part: volumes, upgrades, drains, restarts, Helm 4
  --keep   leave the node up with the operator installed, and say how to use it
  --down   take down a node that was left up
  --help   this text

Where it cannot run it says why, and ends with 0; in continuous integration (CI=true) with 1.`;

const ROOT = join(import.meta.dirname, '..', '..');
/** Besides those of the node. */
const QUICK = ['helm', 'kustomize'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    down: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(HELP);
else process.exitCode = values.down ? await down() : await main();

async function main(): Promise<number> {
  const why = obstacle(machine());
  if (why !== undefined) {
    console.log(why);
    if (process.env.CI !== 'true') console.log('Nothing was tested.');
    return process.env.CI === 'true' ? 1 : 0;
  }
  await binaries([...NODE_PROGRAMS, ...QUICK, ...(values.full ? (['helm4'] as const) : [])]);
  const end = await takeTurn(() => console.log('Waiting for another run of these tests to end …'));
  try {
    return await inTurn();
  } finally {
    await end();
  }
}

async function inTurn(): Promise<number> {
  // One that is being cleared away is gone soon.
  const other = lockHolder();
  if (other !== undefined && !(await untilNoNode(60))) {
    console.error(`A real node is up already (process ${other.pid}); \`npm run e2e -- --down\` ends it.`);
    return 1;
  }
  const before = await traces();
  // A node that stays up keeps its files beside those of others.
  const scratch = values.keep ? undefined : makeScratch();
  const started = Date.now();
  const code = await runTests(scratch);
  console.log(`The tests on the real node took ${Math.round((Date.now() - started) / 1000)} s.`);
  if (scratch === undefined) return code;
  const left = await compare(before);
  for (const path of removeScratch(scratch)) console.log(`Logs of a node that did not come up: ${path}`);
  return Math.max(code, left);
}

async function runTests(scratch: string | undefined): Promise<number> {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--project=node-life', '--project=node', ...positionals], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATCHGEN_REAL_NODE: values.full ? 'full' : 'quick',
      ...(scratch === undefined ? { PATCHGEN_REAL_NODE_KEEP: '1' } : { TMPDIR: scratch }),
    },
  });
  // The tests end in their own way; what they leave is looked at all the same. Ctrl-C in a terminal reaches them by itself.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** The last step: the machine is as before. Another run that waits for the lock may come and go meanwhile. */
async function compare(before: readonly string[]): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    await untilNoNode(60);
    const left = newTraces(before, await traces());
    if (left.length === 0) {
      console.log(
        'The machine is as before: processes, control groups, links, mounts, folders, settings of the kernel.',
      );
      return 0;
    }
    const other = lockHolder();
    if (other === undefined && tries > 10) {
      console.error(`The node left something behind:\n${left.map((line) => `  ${line}`).join('\n')}`);
      return 1;
    }
    if (other !== undefined) {
      tries = 0;
      console.log(`Another real node is up now (process ${other.pid}); waiting for it, to look what ours left …`);
    }
    await sleep(500);
  }
}

async function down(): Promise<number> {
  const holder = lockHolder();
  if (holder === undefined) {
    console.log('No real node is up.');
    return 0;
  }
  try {
    process.kill(holder.pid, 'SIGTERM');
  } catch {
    console.log('Its guardian is gone; what it left is taken away by the next start.');
    return 0;
  }
  const gone = await untilNoNode(60);
  console.log(gone ? 'The real node is down, nothing is left behind.' : 'The real node does not go down within 60 s.');
  return gone ? 0 : 1;
}
