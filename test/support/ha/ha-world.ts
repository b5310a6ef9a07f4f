import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../../tools/build/bundle.ts';
import { type OperatorWorld, operatorWorld } from '../operator-world.ts';
import { auditPolicyFile } from './trail.ts';

export interface HaWorld {
  readonly world: OperatorWorld;
  /** The bundle: what is shipped, and it starts in half the time of the sources. */
  readonly program: string;
  /** Prints what was measured. For people: nothing depends on it. */
  tell(line: string): void;
  stop(): Promise<void>;
}

/** A control plane that records what the judge needs, and the operator as it is shipped. One per test file. */
export async function haWorld(): Promise<HaWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'patchgen-bundle-'));
  const policy = auditPolicyFile();
  const lines: string[] = [];
  const program = await bundle(join(folder, 'dist'));
  const world = await operatorWorld({ apiServerArgs: [`--audit-policy-file=${policy.path}`] });
  return {
    world,
    program,
    tell: (line) => void lines.push(line),
    async stop() {
      await world.stop();
      policy.remove();
      rmSync(folder, { recursive: true, force: true });
      process.stdout.write(lines.map((line) => `  ${line}\n`).join(''));
    },
  };
}
