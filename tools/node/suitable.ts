/** Whether a real node can run on this machine, and if not, what is in the way. */
import { howToInstall, missingPrograms, NEEDS } from '../setup/debian.mjs';

export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Those of these programs and plug-ins that are not there. */
  readonly lacks: (names: readonly string[]) => readonly string[];
}

/** This machine. */
export function machine(): Machine {
  return { platform: process.platform, isRoot: process.getuid?.() === 0, lacks: (names) => missingPrograms(names) };
}

/** Undefined where a node can run; else one sentence that says why not and what to do. */
export function obstacle({ platform, isRoot, lacks }: Machine): string | undefined {
  if (platform !== 'linux') return `A real node needs Linux; this is ${platform}.`;
  if (!isRoot) return 'A real node needs root, for namespaces and control groups: run it as root or with sudo.';
  const missing = lacks(NEEDS.node);
  if (missing.length === 0) return undefined;
  return `A real node needs programs that are not here: ${missing.join(', ')}. ${howToInstall(missing)}`;
}
