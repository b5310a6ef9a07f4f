/**
 * What policies cost: intents per second with 20 policies against the same run without any, interleaved in one go on one
 * operator, each intent with a live Deployment of its own; then what an edit of a policy that touches all intents writes, and
 * what the operator weighs beside one that enforces nothing. Bounds: 0.8 of the rate, one status write for each intent whose
 * status has something new to say (none for those that are published and stay allowed), 40 MB.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/platform/clock.ts';
import { loadAccess } from '../src/platform/kubernetes/access.ts';
import { createKubeClient, type HttpKubeClient } from '../src/platform/kubernetes/http-client.ts';
import { startControlPlane } from '../tools/control-plane/control-plane.ts';
import { type OperatorProcess, startOperatorProcess } from '../tools/operator-process.ts';
import { POLICY_NAMES, policyBody } from './policies/bodies.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '2' },
    clients: { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
    /** Folder for CPU profiles of the operator. */
    profile: { type: 'string' },
  },
});
const count = Number(values.count);
const clients = Number(values.clients);
const rounds = Number(values.rounds);
const say = (text: string): void => void (values.json || console.log(text));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const GROUP = '/apis/patchgen.dev/v1alpha1';
const WRITTEN = 'patchgen_status_writes_total{result="written"}';
const POLICY_WRITTEN = 'patchgen_policy_writes_total{result="written"}';

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'patchgen-policies-'));
  const plane = await startControlPlane();
  const access = await loadAccess({ kubeconfig: plane.kubeconfig, env: {} });
  const client = createKubeClient(access, { clock: systemClock, userAgent: 'bench', connections: clients });
  try {
    await plane.kubectl(['apply', '-f', 'crds']);
    await plane.kubectl(['wait', '--for=condition=Established', '--all', 'crd']);
    const spaces = ['warm', ...Array.from({ length: rounds }, (_, i) => [`plain-${i}`, `policed-${i}`]).flat()];
    for (const name of spaces) await plane.kubectl(['create', 'namespace', name]);
    const operator = await startOperatorProcess({
      kubeconfig: plane.kubeconfig,
      outputDir: folder,
      nodeFlags: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
    });
    try {
      await operator.untilReady();
      const servers = [plane.apiServerPid, plane.etcdPid];
      await fill(client, operator, servers, 'warm', 400);
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round += 1) ratios.push(await compare(client, operator, servers, round));
      const edit = await editPolicy(client, operator);
      const mb = residentMb(operator);
      await operator.stop();
      const plainMb = await weighPlain(plane.kubeconfig, folder);
      const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0;
      say(`median ratio ${median.toFixed(2)} (must be at least 0.8)`);
      say(`${mb} MB resident, ${plainMb} MB after a restart that enforces and reads nothing beside the intents`);
      if (values.json) console.log(JSON.stringify({ count, ratios, median, ...edit, mb, plainMb }));
    } finally {
      await operator.stop();
    }
  } finally {
    await client.close();
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(
  client: HttpKubeClient,
  operator: OperatorProcess,
  servers: readonly number[],
  round: number,
): Promise<number> {
  const plain = await fill(client, operator, servers, `plain-${round}`, count);
  say(`  without: ${plain[0].toFixed(0)}/s`);
  for (const name of POLICY_NAMES) await put(client, name, policyBody(name));
  await until(
    async () =>
      ((await operator.metric('patchgen_watched_objects{resource="patchpolicies"}')) ?? 0) === POLICY_NAMES.length,
  );
  await settled(operator);
  const writes = (await operator.metric(POLICY_WRITTEN)) ?? 0;
  const policed = await fill(client, operator, servers, `policed-${round}`, count);
  const booked = ((await operator.metric(POLICY_WRITTEN)) ?? 0) - writes;
  if (round < rounds - 1) for (const name of POLICY_NAMES) await remove(client, name);
  await settled(operator);
  const line = ([rate, cpu]: Filled): string =>
    `${rate.toFixed(0)}/s at ${cpu.map((ms) => ms.toFixed(1)).join(' + ')} ms`;
  say(
    `round ${round + 1}: without ${line(plain)}, with ${POLICY_NAMES.length} policies ${line(policed)} of CPU each (operator + API server + etcd), ` +
      `ratio ${(policed[0] / plain[0]).toFixed(2)}, ${booked} writes to policies`,
  );
  return policed[0] / plain[0];
}

/** Intents per second from the first create until all are Ready, and for each the milliseconds of CPU of operator, API server, etcd. */
type Filled = readonly [number, readonly number[]];

async function fill(
  client: HttpKubeClient,
  operator: OperatorProcess,
  servers: readonly number[],
  namespace: string,
  total: number,
): Promise<Filled> {
  await share(total, async (i) => {
    const labels = { app: `app-${i}` };
    await client.request({
      method: 'POST',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
      body: {
        metadata: { name: `app-${i}` },
        spec: {
          replicas: 3,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app' }] } },
        },
      },
    });
  });
  await settled(operator);
  const before = (await operator.metric(WRITTEN)) ?? 0;
  const cpuBefore = [operator.pid, ...servers].map(cpuSeconds);
  const begun = performance.now();
  await share(total, async (i) => {
    await client.request({
      method: 'POST',
      path: `${GROUP}/namespaces/${namespace}/patchintents`,
      body: {
        apiVersion: 'patchgen.dev/v1alpha1',
        kind: 'PatchIntent',
        metadata: { name: `i-${i}` },
        spec: {
          intentType: 'scaling',
          target: `app-${i}`,
          replicas: 4 + (i % 3),
          reason: 'traffic forecast',
          source: 'capacity-planner',
          correlationId: `bench-${i}`,
        },
      },
    });
  });
  await until(async () => ((await operator.metric(WRITTEN)) ?? 0) - before >= total);
  const seconds = (performance.now() - begun) / 1000;
  const cpu = [operator.pid, ...servers].map((pid, i) => ((cpuSeconds(pid) - (cpuBefore[i] ?? 0)) * 1000) / total);
  await allReady(client, namespace, total);
  return [total / seconds, cpu];
}

interface Listed {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[];
  };
}

async function allReady(client: HttpKubeClient, namespace: string, total: number): Promise<void> {
  const path = `${GROUP}/namespaces/${namespace}/patchintents`;
  const { body } = await client.request<{ items: readonly Listed[] }>({ method: 'GET', path });
  const told = body.items.map(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready'));
  const ready = told.filter((condition) => condition?.status === 'True').length;
  if (ready === total) return;
  const [example] = told.filter((condition) => condition?.status !== 'True');
  throw new Error(`only ${ready} of ${total} in ${namespace} are Ready; ${example?.reason}: ${example?.message}`);
}

interface Edit {
  /** Status writes after an edit that changes no verdict. */
  readonly mildWrites: number;
  /** Status writes after an edit that refuses every intent. */
  readonly harshWrites: number;
  readonly intents: number;
  readonly seconds: number;
}

/** An edit that leaves every verdict as it was, and one that refuses everything. */
async function editPolicy(client: HttpKubeClient, operator: OperatorProcess): Promise<Edit> {
  const name = POLICY_NAMES[0] ?? '';
  const intents = (await operator.metric('patchgen_intents{ready="True"}')) ?? 0;
  const after = async (spec: unknown): Promise<readonly [number, number]> => {
    const before = (await operator.metric(WRITTEN)) ?? 0;
    const runs = 'patchgen_status_writes_total{result="equal"}';
    const looked = before + ((await operator.metric(runs)) ?? 0);
    const begun = performance.now();
    await client.request({ method: 'PATCH', path: `${GROUP}/patchpolicies/${name}`, body: { spec } });
    await until(
      async () => ((await operator.metric(WRITTEN)) ?? 0) + ((await operator.metric(runs)) ?? 0) - looked >= intents,
    );
    await settled(operator);
    return [((await operator.metric(WRITTEN)) ?? 0) - before, (performance.now() - begun) / 1000];
  };
  const [mildWrites, mildSeconds] = await after({ replicas: { max: 90 } });
  say(
    `an edit that changes no verdict: ${mildWrites} status writes for ${intents} intents, all looked at after ${mildSeconds.toFixed(1)} s`,
  );
  const [harshWrites, seconds] = await after({ replicas: { max: 3 } });
  say(
    `an edit that refuses all: ${harshWrites} status writes for ${intents} intents, settled after ${seconds.toFixed(1)} s`,
  );
  return { mildWrites, harshWrites, intents, seconds };
}

/** The same intents and packages, with nothing enforced and nothing read beside them. */
async function weighPlain(kubeconfig: string, outputDir: string): Promise<number> {
  const operator = await startOperatorProcess({
    kubeconfig,
    outputDir,
    flags: ['--policies=false', '--live-plans=false'],
  });
  try {
    await operator.untilReady();
    await settled(operator);
    await pause(5_000);
    return residentMb(operator);
  } finally {
    await operator.stop();
  }
}

const put = (client: HttpKubeClient, name: string, body: unknown): Promise<unknown> =>
  client.request({ method: 'POST', path: `${GROUP}/patchpolicies`, body: { ...(body as object), metadata: { name } } });

const remove = (client: HttpKubeClient, name: string): Promise<unknown> =>
  client.request({ method: 'DELETE', path: `${GROUP}/patchpolicies/${name}` });

/** Nothing is queued or under way, and that for a while: what is spread over time comes late. */
async function settled(operator: OperatorProcess): Promise<void> {
  let quiet = 0;
  let last = -1;
  while (quiet < 3) {
    const depth = (await operator.metric('workqueue_depth{name="patchintent"}')) ?? 0;
    const runs =
      (await operator.metric('controller_runtime_reconcile_time_seconds_count{controller="patchintent"}')) ?? 0;
    quiet = depth === 0 && runs === last ? quiet + 1 : 0;
    last = runs;
    await pause(1_000);
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  // A scrape costs the operator milliseconds, so it is asked seldom.
  while (!(await holds())) await pause(1_000);
}

/** `clients` loops that share one counter. */
async function share(total: number, job: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let i = next++; i < total; i = next++) await job(i);
  };
  await Promise.all(Array.from({ length: clients }, loop));
}

/** CPU seconds that a process has used so far (Linux). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMb(operator: OperatorProcess): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${operator.pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}

await main();
