/** Starts the real node that the files of the room share when the first of them asks, and ends it with the test run. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildImage } from '../../../tools/image/build.ts';
import { type RealNode, startNode } from '../../../tools/node/node.ts';
import { release } from './release.ts';
import { applySamples } from './samples.ts';

/** What tests of the room get from the broker, besides the facts of the node. */
export interface OurImage {
  readonly ref: string;
  readonly digest: string;
  /** The OCI archive. */
  readonly path: string;
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const socket = join(tmpdir(), `patchgen-tests-${randomUUID()}.sock`);
  const folder = mkdtempSync(join(tmpdir(), 'patchgen-image-'));
  const say = (text: string): void => console.log(text);
  let started: Promise<{ node: RealNode; image: OurImage }> | undefined;
  const server = createServer((_request, response) => {
    started ??= start(folder, say);
    started.then(
      ({ node, image }) => response.end(JSON.stringify({ node, image })),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  server.unref();
  server.listen(socket);
  await once(server, 'listening');
  project.provide('realNodeSocket', socket);
  return async () => {
    server.close();
    server.closeAllConnections();
    rmSync(socket, { force: true });
    const node = await started?.then(
      (it) => it.node,
      () => undefined,
    );
    if (node !== undefined) {
      say(memoryOf(node));
      await (process.env.PATCHGEN_REAL_NODE_KEEP === '1' ? leaveUp(node, say) : node.stop());
    }
    rmSync(folder, { recursive: true, force: true });
  };
}

async function start(
  folder: string,
  say: (text: string) => void,
): Promise<{ readonly node: RealNode; readonly image: OurImage }> {
  const begun = Date.now();
  const told = (text: string): void => say(`${((Date.now() - begun) / 1000).toFixed(1)} s: ${text}`);
  const image = await buildImage({ out: join(folder, 'patchgen.tar') });
  told(`the image ${image.ref} is built`);
  const node = await startNode({ images: [image.path], say: told });
  return { node, image };
}

function memoryOf(node: RealNode): string {
  const megabytes = [...node.memory()].map(([name, bytes]) => [name, Math.round(bytes / 1e6)] as const);
  const sum = megabytes.reduce((total, [, count]) => total + count, 0);
  return `Memory of the node's daemons: ${megabytes.map((it) => it.join(' ')).join(', ')}; together ${sum} MB.`;
}

/** Installs the operator again, since every test file took its own away. */
async function leaveUp(node: RealNode, say: (text: string) => void): Promise<void> {
  node.keep();
  const operator = release(node);
  await operator.install();
  await applySamples(node);
  say(`
The real node stays up, with the operator in namespace ${operator.namespace} and the samples in namespace shop:

  export KUBECONFIG=${node.kubeconfig}
  ${node.binaries.kubectl} get pi -A
  ${node.binaries.kubectl} logs -n ${operator.namespace} -l app.kubernetes.io/component=operator
  tail ${node.logs}/kubelet.log

Take it down with: npm run e2e -- --down`);
}

declare module 'vitest' {
  export interface ProvidedContext {
    realNodeSocket: string;
  }
}
