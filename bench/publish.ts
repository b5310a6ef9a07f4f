import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { ENDLESS } from '../src/kpt/publisher/lease.ts';
import type { PublishRequest } from '../src/kpt/publisher/publisher.ts';
import { startPublisher } from '../src/kpt/publisher/start.ts';
import { renderPackage } from '../src/kpt/render.ts';
import { systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { systemRandom } from '../src/platform/random.ts';

/** What the bare loop's thread is given. */
export interface BareTask {
  readonly root: string;
}

/** Publishes one batch and resolves when it is durable. */
type Variant = (batch: readonly PublishRequest[]) => Promise<unknown>;

const WANTED_RATIO = 0.9;

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '40' },
    batch: { type: 'string', default: '16' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const size = { rounds: Number(flags.rounds), batch: Number(flags.batch) };
const place = mkdtempSync(join(flags.directory, 'patchgen-bench-'));
try {
  await main();
} finally {
  rmSync(place, { recursive: true, force: true });
}

/** The same packages through the publisher and through a bare loop, turn by turn, because the disk's speed changes by the minute. */
async function main(): Promise<void> {
  const publisher = startPublisher({
    root: join(place, 'packages'),
    minFreeBytes: 0,
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
  });
  publisher.setLeaseDeadline(ENDLESS);
  await publisher.claim({ takeOver: false, exclusive: true });
  const bare = new Worker(new URL('./bare-publish.ts', import.meta.url), {
    workerData: { root: join(place, 'bare') } satisfies BareTask,
  });
  const ours: Variant = (batch) => Promise.all(batch.map((request) => publisher.publish(request)));
  const theirs: Variant = async (batch) => {
    const done = once(bare, 'message');
    bare.postMessage(batch);
    await done;
  };
  const times = await interleave(ours, theirs);
  await publisher.close();
  await bare.terminate();
  report(times);
}

interface Times {
  readonly publisherMs: readonly number[];
  readonly bareMs: readonly number[];
}

async function interleave(ours: Variant, theirs: Variant): Promise<Times> {
  const publisherMs: number[] = [];
  const bareMs: number[] = [];
  for (let round = -3; round < size.rounds; round += 1) {
    const batch = Array.from({ length: size.batch }, (_, at) => requestOf(round * size.batch + at));
    const turns = [
      { run: ours, into: publisherMs },
      { run: theirs, into: bareMs },
    ];
    for (const { run, into } of round % 2 === 0 ? turns : turns.toReversed()) {
      const start = performance.now();
      await run(batch);
      // The first rounds warm up.
      if (round >= 0) into.push(performance.now() - start);
    }
  }
  return { publisherMs, bareMs };
}

function requestOf(at: number): PublishRequest {
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: `web-${at + 1000}` };
  const change = { type: 'scaling', target, values: { replicas: 5 } };
  const metadata = { name: target.name, namespace: target.namespace };
  const patch = { apiVersion: target.apiVersion, kind: target.kind, metadata, spec: { replicas: 5 } };
  const plan = { change, patch, summary: 'replicas → 5', undo: 'Set replicas back.', warnings: [] };
  const record = { uid: `uid-${at}`, generation: 1, reason: 'bench' };
  return { namespace: 'shop', intent: target.name, package: renderPackage(plan), record };
}

function report({ publisherMs, bareMs }: Times): void {
  const packages = size.rounds * size.batch;
  const ratios = publisherMs.map((ms, at) => (bareMs[at] ?? ms) / ms);
  const figures = {
    bench: 'publish',
    packages,
    batch: size.batch,
    publisherPerSecond: Math.round((packages * 1000) / sum(publisherMs)),
    barePerSecond: Math.round((packages * 1000) / sum(bareMs)),
    ratio: rounded(sum(bareMs) / sum(publisherMs)),
    medianRatio: rounded(median(ratios)),
    wantedRatio: WANTED_RATIO,
  };
  if (flags.json) return console.log(JSON.stringify(figures));
  console.log(
    `${packages} durable publications of 5 files, ${size.batch} at a time, turn by turn with a bare loop of the same system calls`,
  );
  console.log(`  publisher  ${figures.publisherPerSecond} packages/s`);
  console.log(`  bare loop  ${figures.barePerSecond} packages/s`);
  console.log(
    `  ratio      ${figures.ratio} (median of rounds ${figures.medianRatio}), at least ${WANTED_RATIO} is wanted`,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
