/** Starts the control plane that test files share when the first of them asks, and ends it with the test run. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlPlaneFacts } from '../../../tools/control-plane/attached.ts';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { installCrds } from '../../../tools/control-plane/crds.ts';

export interface Broker {
  /** A Unix socket that answers any HTTP request with the facts of the control plane, as JSON. */
  readonly socket: string;
  close(): Promise<void>;
}

export async function openBroker(): Promise<Broker> {
  const socket = join(tmpdir(), `patchgen-tests-${randomUUID()}.sock`);
  let started: Promise<ControlPlane> | undefined;
  const server = createServer((_request, response) => {
    started ??= startShared();
    started.then(
      (controlPlane) => response.end(JSON.stringify(facts(controlPlane))),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.unref();
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    async close() {
      server.close();
      server.closeAllConnections();
      rmSync(socket, { force: true });
      const controlPlane = await started?.catch(() => undefined);
      await controlPlane?.stop();
    },
  };
}

async function startShared(): Promise<ControlPlane> {
  const controlPlane = await startControlPlane({ controllerManager: true, auditLog: true });
  await installCrds(controlPlane, join(import.meta.dirname, '..', '..', '..', 'crds'));
  return controlPlane;
}

function facts({
  dir,
  server,
  caFile,
  kubeconfig,
  token,
  auditLogPath,
  etcdUrl,
  binaries,
}: ControlPlane): ControlPlaneFacts {
  return {
    dir,
    server,
    caFile,
    kubeconfig,
    token,
    etcdUrl,
    binaries,
    ...(auditLogPath === undefined ? {} : { auditLogPath }),
  };
}
