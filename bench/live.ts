/**
 * Live throughput on a real API server: intents per second from the first create until every intent is Ready and durable,
 * against a bare client that creates the same objects and writes one equal status to each, with nothing else to do.
 * Both variants run in one go, interleaved; trust the ratio, not the times.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/platform/clock.ts';
import { loadAccess } from '../src/platform/kubernetes/access.ts';
import { createKubeClient, type HttpKubeClient } from '../src/platform/kubernetes/http-client.ts';
import { startControlPlane } from '../tools/control-plane/control-plane.ts';
import { startOperatorProcess } from '../tools/operator-process.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '16' },
    fsync: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    flag: { type: 'string', multiple: true, default: [] },
    /** Folder for CPU profiles of the operator. */
    profile: { type: 'string' },
  },
});
const count = Number(values.count);
const clients = Number(values.clients);
const say = (text: string): void => void (values.json || console.log(text));

const BASE = '/apis/patchgen.dev/v1alpha1/namespaces';

async function main(): Promise<void> {
  const outputDir = await mkdtemp(join(tmpdir(), 'patchgen-bench-'));
  const plane = await startControlPlane({ unsafeNoFsync: !values.fsync });
  const access = await loadAccess({ kubeconfig: plane.kubeconfig, env: {} });
  const client = createKubeClient(access, { clock: systemClock, userAgent: 'bench', connections: clients });
  try {
    await plane.kubectl(['apply', '-f', 'crds']);
    await plane.kubectl(['wait', '--for=condition=Established', 'crd/patchintents.patchgen.dev']);
    const rounds = Number(values.rounds);
    const namespaces = ['operator-warm', ...Array.from({ length: rounds }, (_, i) => `operator-${i}`)];
    for (const name of [...namespaces, ...namespaces.map((it) => it.replace('operator', 'bare'))]) {
      await plane.kubectl(['create', 'namespace', name]);
    }
    const operator = await startOperatorProcess({
      kubeconfig: plane.kubeconfig,
      outputDir,
      nodeFlags: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
      flags: [...namespaces.map((name) => `--watch-namespaces=${name}`), ...values.flag],
    });
    try {
      await operator.untilReady();
      const template = await learnStatus(client, operator, 'operator-0');
      await bare(client, 'bare-warm', 400, template);
      const ratios: number[] = [];
      // Both are warm before anything is counted: the compiler of either has seen the path.
      await withOperator(client, operator, 'operator-warm', 400);
      for (let round = 0; round < rounds; round += 1) {
        const servers = [plane.apiServerPid, plane.etcdPid];
        const idle = servers.map(cpuSeconds);
        const bareRate = await bare(client, `bare-${round}`, count, template);
        const afterBare = servers.map(cpuSeconds);
        const cpuBefore = await operator.metric('process_cpu_seconds_total');
        const ours = await withOperator(client, operator, `operator-${round}`, count);
        const cpu = ((await operator.metric('process_cpu_seconds_total')) ?? 0) - (cpuBefore ?? 0);
        const afterOurs = servers.map(cpuSeconds);
        const spent = (from: number[], to: number[]): string =>
          to.map((it, i) => (((it - (from[i] ?? 0)) * 1000) / count).toFixed(2)).join(' + ');
        ratios.push(ours / bareRate);
        say(
          `round ${round + 1}: bare client ${bareRate.toFixed(0)}/s, operator ${ours.toFixed(0)}/s, ratio ${(ours / bareRate).toFixed(2)}, ` +
            `operator CPU ${((cpu * 1000) / count).toFixed(2)} ms per intent`,
        );
        say(
          `  CPU ms per intent of kube-apiserver + etcd: bare ${spent(idle, afterBare)}, operator ${spent(afterBare, afterOurs)}`,
        );
      }
      const durable = await readdir(join(outputDir, 'packages', `operator-${rounds - 1}`));
      const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0;
      const rss = (await operator.metric('process_resident_memory_bytes')) ?? 0;
      const result = {
        count,
        clients,
        fsync: values.fsync,
        median,
        ratios,
        packages: durable.length,
        rssMb: Math.round(rss / 1e6),
      };
      say(
        `median ratio ${median.toFixed(2)} (must be at least 0.6), resident ${result.rssMb} MB, etcd ${values.fsync ? 'with' : 'without'} fsync`,
      );
      if (values.json) console.log(JSON.stringify(result));
    } finally {
      await operator.stop();
    }
  } finally {
    await client.close();
    await plane.stop();
    await rm(outputDir, { recursive: true, force: true });
  }
}

/** CPU seconds that a process has used so far (Linux). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

interface Created {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
}

const body = (name: string, i: number): unknown => ({
  apiVersion: 'patchgen.dev/v1alpha1',
  kind: 'PatchIntent',
  metadata: { name },
  spec: { intentType: 'scaling', target: `app-${i}`, replicas: i % 100, correlationId: `bench-${i}` },
});

async function create(client: HttpKubeClient, namespace: string, i: number): Promise<Created> {
  const answer = await client.request<Created>({
    method: 'POST',
    path: `${BASE}/${namespace}/patchintents`,
    body: body(`i-${i}`, i),
  });
  return answer.body;
}

/** `clients` loops that share one counter. */
async function share(total: number, job: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let i = next++; i < total; i = next++) await job(i);
  };
  await Promise.all(Array.from({ length: clients }, loop));
}

async function bare(client: HttpKubeClient, namespace: string, total: number, status: unknown): Promise<number> {
  const begun = performance.now();
  await share(total, async (i) => {
    const { metadata } = await create(client, namespace, i);
    const { name, resourceVersion } = metadata;
    await client.request({
      method: 'PUT',
      path: `${BASE}/${namespace}/patchintents/${name}/status`,
      body: {
        apiVersion: 'patchgen.dev/v1alpha1',
        kind: 'PatchIntent',
        metadata: { name, namespace, resourceVersion },
        status,
      },
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
  });
  return (total * 1000) / (performance.now() - begun);
}

type Operator = Awaited<ReturnType<typeof startOperatorProcess>>;
const WRITTEN = 'patchgen_status_writes_total{result="written"}';

async function withOperator(
  client: HttpKubeClient,
  operator: Operator,
  namespace: string,
  total: number,
): Promise<number> {
  const before = (await operator.metric(WRITTEN)) ?? 0;
  const begun = performance.now();
  await share(total, async (i) => void (await create(client, namespace, i)));
  // A scrape costs the operator milliseconds, so it is asked seldom.
  while (((await operator.metric(WRITTEN)) ?? 0) - before < total)
    await new Promise((resolve) => setTimeout(resolve, 250));
  const seconds = (performance.now() - begun) / 1000;
  const list = await client.request<{ items: { status?: { conditions?: { type: string; status: string }[] } }[] }>({
    method: 'GET',
    path: `${BASE}/${namespace}/patchintents`,
  });
  const ready = list.body.items.filter(({ status }) =>
    status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
  );
  if (ready.length < total) throw new Error(`only ${ready.length} of ${total} are Ready`);
  return total / seconds;
}

/** The status that the operator writes, so that the bare client writes one of the same size. */
async function learnStatus(client: HttpKubeClient, operator: Operator, namespace: string): Promise<unknown> {
  const before = (await operator.metric(WRITTEN)) ?? 0;
  await create(client, namespace, 1_000_000);
  while (((await operator.metric(WRITTEN)) ?? 0) === before) await new Promise((resolve) => setTimeout(resolve, 20));
  const { body: object } = await client.request<{ status: unknown }>({
    method: 'GET',
    path: `${BASE}/${namespace}/patchintents/i-1000000`,
  });
  return object.status;
}

await main();
