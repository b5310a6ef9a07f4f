/**
 * The ways to write a status, on a real API server: PUT, merge patch, server-side apply. Interleaved in one run; trust the
 * ratios. The operator takes PUT: the cheapest that cannot overwrite what somebody else wrote in between.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../src/platform/clock.ts';
import { loadAccess } from '../src/platform/kubernetes/access.ts';
import type { ApiRequest } from '../src/platform/kubernetes/client.ts';
import { createKubeClient, type HttpKubeClient } from '../src/platform/kubernetes/http-client.ts';
import { startControlPlane } from '../tools/control-plane/control-plane.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);
const rounds = Number(values.rounds);
const PATH = '/apis/patchgen.dev/v1alpha1/namespaces/default/patchintents';
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

interface Stored {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
}

type Write = (object: Stored, status: object) => ApiRequest;

const head = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent' };
const at = (object: Stored): string => `${PATH}/${object.metadata.name}/status`;
const WAYS: Readonly<Record<string, Write>> = {
  put: (object, status) => {
    const { name, namespace, resourceVersion } = object.metadata;
    const body = { ...head, metadata: { name, namespace, resourceVersion }, status };
    return { method: 'PUT', path: at(object), accept: METADATA_ONLY, body };
  },
  merge: (object, status) => {
    const { resourceVersion } = object.metadata;
    return {
      method: 'PATCH',
      path: at(object),
      accept: METADATA_ONLY,
      body: { metadata: { resourceVersion }, status },
    };
  },
  apply: (object, status) => ({
    method: 'PATCH',
    path: at(object),
    query: { fieldManager: 'bench', force: true },
    contentType: 'application/apply-patch+yaml',
    accept: METADATA_ONLY,
    body: { ...head, metadata: { name: object.metadata.name, namespace: object.metadata.namespace }, status },
  }),
};

const plane = await startControlPlane();
const client = createKubeClient(await loadAccess({ kubeconfig: plane.kubeconfig, env: {} }), {
  clock: systemClock,
  userAgent: 'bench',
});
try {
  await plane.kubectl(['apply', '-f', 'crds']);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd/patchintents.patchgen.dev']);
  const objects = await create(client);
  const seconds: Record<string, number> = { put: 0, merge: 0, apply: 0 };
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, write] of Object.entries(WAYS)) {
      const begun = performance.now();
      await writeAll(client, objects, write, `${name} ${round}`);
      // The first round warms up.
      if (round > 0) seconds[name] = (seconds[name] ?? 0) + (performance.now() - begun) / 1000;
    }
  }
  const put = seconds.put ?? 1;
  const rates = Object.entries(seconds).map(([name, spent]) => ({
    name,
    rate: (count * rounds) / spent,
    ratio: put / spent,
  }));
  if (values.json) console.log(JSON.stringify({ count, rounds, rates }));
  else
    for (const { name, rate, ratio } of rates)
      console.log(`${name.padEnd(6)} ${rate.toFixed(0).padStart(5)} writes/s, ${ratio.toFixed(2)} of PUT`);
} finally {
  await client.close();
  await plane.stop();
}

async function create(to: HttpKubeClient): Promise<Stored[]> {
  const objects: Stored[] = [];
  for (let i = 0; i < count; i += 1) {
    const spec = { intentType: 'scaling', target: `app-${i}`, replicas: 1 };
    const { body } = await to.request<Stored>({
      method: 'POST',
      path: PATH,
      body: { ...head, metadata: { name: `i-${i}` }, spec },
    });
    objects.push(body);
  }
  return objects;
}

/** Sixteen writers share the objects; each write changes the message, and the new version is kept for the next. */
async function writeAll(to: HttpKubeClient, objects: Stored[], write: Write, message: string): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let i = next++; i < objects.length; i = next++) {
      const object = objects[i];
      if (object === undefined) return;
      const condition = {
        type: 'Ready',
        status: 'True',
        reason: 'PackageWritten',
        message,
        lastTransitionTime: '2026-01-01T00:00:00Z',
        observedGeneration: 1,
      };
      const { body } = await to.request<Stored>(
        write(object, { observedGeneration: 1, change: 'replicas → 1', conditions: [condition] }),
      );
      objects[i] = { metadata: { ...object.metadata, resourceVersion: body.metadata.resourceVersion } };
    }
  };
  await Promise.all(Array.from({ length: 16 }, loop));
}
