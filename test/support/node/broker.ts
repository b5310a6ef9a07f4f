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
    if (node !== undefined && process.env.PATCHGEN_REAL_NODE_KEEP === '1') leaveUp(node, say);
    else await node?.stop();
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

function leaveUp(node: RealNode, say: (text: string) => void): void {
  node.keep();
  say(`
The real node stays up, with the operator in namespace patchgen-system:

  export KUBECONFIG=${node.kubeconfig}
  ${node.binaries.kubectl} get pods -A
  tail -F ${node.logs}/kubelet.log
  nsenter --target ${node.pid} --net curl -s http://SERVICE-IP:8080/metrics

Take it down with: npm run e2e -- --down`);
}

declare module 'vitest' {
  export interface ProvidedContext {
    realNodeSocket: string;
  }
}
