/**
 * What an operator with many intents weighs: resident memory at its peak and after settling, that of a standby, CPU per
 * new intent and while idle, and what a restart does (it must settle without an API write but the Lease and without a
 * change outside `staging/`). Runs the bundle, which is what ships. The memory bound is 200 MB at 10,000 intents, the idle
 * bound 4 % of a core (each intent reads its target once in ten minutes). The figures of docs/operations.md are from here.
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/platform/clock.ts';
import { loadAccess } from '../src/platform/kubernetes/access.ts';
import { createKubeClient } from '../src/platform/kubernetes/http-client.ts';
import { bundle } from '../tools/build/bundle.ts';
import { startControlPlane } from '../tools/control-plane/control-plane.ts';
import { type OperatorProcess, startOperatorProcess } from '../tools/operator-process.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    idle: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);
const idleSeconds = Number(values.idle);
const say = (text: string): void => void (values.json || console.log(text));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'patchgen-footprint-'));
  const program = await bundle(join(folder, 'dist'));
  const plane = await startControlPlane({ auditLog: true });
  try {
    await plane.kubectl(['apply', '-f', 'crds']);
    await plane.kubectl(['wait', '--for=condition=Established', 'crd/patchintents.patchgen.dev']);
    await plane.kubectl(['create', 'namespace', 'many']);
    await mkdir(join(folder, 'standby'));
    const start = (outputDir = folder): Promise<OperatorProcess> =>
      startOperatorProcess({ kubeconfig: plane.kubeconfig, outputDir, program });
    const operator = await start();
    await operator.untilReady();
    const emptyMb = residentMb(operator);
    say(`empty: ${emptyMb} MB resident`);
    const cpuBefore = cpuSeconds(operator);
    await createAll(plane.kubeconfig);
    await until(async () => ((await operator.metric('patchgen_intents{ready="True"}')) ?? 0) >= count);
    const cpu = cpuSeconds(operator) - cpuBefore;
    say(`${cpu.toFixed(1)} s of CPU for ${count} new intents, ${((cpu / count) * 1_000).toFixed(2)} s per 1,000`);
    const standby = await start(join(folder, 'standby'));
    await standby.untilReady();
    await pause(5_000);
    const standbyMb = residentMb(standby);
    await standby.stop();
    const idle = await idleCpu(operator);
    const settledMb = residentMb(operator);
    if (!values.json)
      for (const name of [
        'nodejs_heap_size_total_bytes',
        'nodejs_heap_size_used_bytes',
        'nodejs_external_memory_bytes',
      ])
        say(`  ${name} ${Math.round(((await operator.metric(name)) ?? 0) / 1e6)} MB`);
    const peakMb = residentMb(operator, 'VmHWM');
    say(`${peakMb} MB resident at the peak, ${standbyMb} MB of a standby`);
    say(`${count} intents: ${settledMb} MB resident after settling, ${(idle * 100).toFixed(2)} % of a core while idle`);
    await operator.stop();
    const before = fingerprint(join(folder, 'packages'));
    const audited = auditLines(plane.auditLogPath ?? '').length;
    const begun = performance.now();
    const again = await start();
    await until(async () => ((await again.metric('patchgen_outcomes_total{reason="PackageWritten"}')) ?? 0) >= count);
    const restartSeconds = (performance.now() - begun) / 1000;
    const restartCpu = cpuSeconds(again);
    const writes = auditLines(plane.auditLogPath ?? '')
      .slice(audited)
      .filter((line) => line.includes('"userAgent":"patchgen/') && !line.includes('"resource":"leases"')).length;
    const changed = fingerprint(join(folder, 'packages')) === before ? 0 : 1;
    await pause(5_000);
    const restartedMb = residentMb(again);
    say(
      `restart: every package verified and every intent looked at after ${restartSeconds.toFixed(1)} s with ${restartCpu.toFixed(1)} s of CPU, ${writes} API writes besides the Lease, ${changed} changes outside staging, ${restartedMb} MB`,
    );
    await again.stop();
    if (values.json)
      console.log(
        JSON.stringify({
          count,
          emptyMb,
          peakMb,
          settledMb,
          standbyMb,
          restartedMb,
          cpuPerThousand: (cpu / count) * 1_000,
          idle,
          writes,
          changed,
          restartSeconds,
          restartCpu,
        }),
      );
    if (writes > 0 || changed > 0) process.exitCode = 1;
  } finally {
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function createAll(kubeconfig: string): Promise<void> {
  const client = createKubeClient(await loadAccess({ kubeconfig, env: {} }), {
    clock: systemClock,
    userAgent: 'bench',
    connections: 8,
  });
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const spec = {
        intentType: 'scaling',
        target: `app-${i}`,
        replicas: i % 100,
        reason: 'load',
        source: 'bench',
        correlationId: `bench-${i}`,
      };
      const body = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', metadata: { name: `i-${i}` }, spec };
      await client.request({ method: 'POST', path: '/apis/patchgen.dev/v1alpha1/namespaces/many/patchintents', body });
      if (i > 0 && i % 1_000 === 0) say(`  ${i} created`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, loop));
  await client.close();
}

/** Mebibytes of RAM that the process holds now (Linux: VmRSS), or held at most (VmHWM). */
function residentMb({ pid }: OperatorProcess, field: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${field}:`));
  const kilobytes = line?.replaceAll(/\D/g, '') ?? '0';
  return Math.round(Number(kilobytes) / 1024);
}

/** Share of one core, over the idle time, read from the kernel so that no scrape counts. */
async function idleCpu(operator: OperatorProcess): Promise<number> {
  const before = cpuSeconds(operator);
  await pause(idleSeconds * 1_000);
  return (cpuSeconds(operator) - before) / idleSeconds;
}

/** Seconds of CPU that all threads of the process have had, in user and kernel. A tick is a hundredth. */
function cpuSeconds({ pid }: OperatorProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function fingerprint(root: string): string {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.patchgen/staging'))
    .toSorted()
    .map((path) => {
      const { ino, mtimeMs, ctimeMs } = lstatSync(join(root, path));
      return `${path} ${ino} ${mtimeMs} ${path === '.patchgen' ? 0 : ctimeMs}`;
    })
    .join('\n');
}

const auditLines = (path: string): string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(1_000);
}

await main();
