import type { TestProject } from 'vitest/node';
import { type BinaryName, binaries } from '../../../tools/setup/binaries.mjs';
import { openBroker } from './broker.ts';

const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;

/** The programs that each room of `test/` starts; a room that is not run needs none. */
const PROGRAMS: Readonly<Record<string, readonly BinaryName[]>> = {
  golden: ['kustomize', 'kpt'],
  integration: [...CONTROL_PLANE, 'kustomize', 'kpt', 'helm', 'helm4', 'promtool', 'glua'],
  // The chart says what an operator may do.
  fault: [...CONTROL_PLANE, 'helm'],
  e2e: [...CONTROL_PLANE, 'kustomize', 'kpt', 'helm', 'helm4'],
};

/** Before the first file of a room: its programs are there, and whoever asks for the shared control plane gets it. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const programs = PROGRAMS[project.name] ?? [];
  if (programs.length === 0) return undefined;
  await binaries(programs);
  const broker = await openBroker();
  project.provide('controlPlaneSocket', broker.socket);
  return broker.close;
}

declare module 'vitest' {
  export interface ProvidedContext {
    controlPlaneSocket: string;
  }
}
