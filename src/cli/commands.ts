import type { Command } from 'commander';
import type { Io } from './io.ts';

export interface CommandEntry {
  readonly name: string;
  /** Shown in the list of commands; the command itself uses the same. */
  readonly summary: string;
  readonly group: string;
  /** Loads the module of the command, and with it only what that command needs. */
  readonly load: () => Promise<(io: Io) => Command>;
}

const OPERATOR = 'Operator:';
const FILES = 'Without a cluster:';
const PACKAGES = 'Packages on disk:';
const CLUSTER = 'Looking at a cluster:';
const DECISIONS = 'Deciding on changes:';
const SHELL = 'Shell:';

/** Every command, in the order of the help text. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'run the operator',
    group: OPERATOR,
    load: async () => (await import('./run.ts')).runCommand,
  },
  {
    name: 'validate',
    summary: 'check intents in files or from standard input',
    group: FILES,
    load: async () => (await import('./validate.ts')).validateCommand,
  },
  {
    name: 'generate',
    summary: 'write the packages of intents to a directory',
    group: FILES,
    load: async () => (await import('./generate.ts')).generateCommand,
  },
  {
    name: 'policy',
    summary: 'hold intents against policies, and say why',
    group: FILES,
    load: async () => (await import('./policy.ts')).policyCommand,
  },
  {
    name: 'crd',
    summary: 'print the CustomResourceDefinitions',
    group: FILES,
    load: async () => (await import('./crd.ts')).crdCommand,
  },
  {
    name: 'verify',
    summary: 'recompute digests and report what was altered',
    group: PACKAGES,
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  {
    name: 'export',
    summary: 'write one published package as a tar archive to standard output',
    group: PACKAGES,
    load: async () => (await import('./export.ts')).exportCommand,
  },
  {
    name: 'gc',
    summary: 'remove package content that nothing links to any more',
    group: PACKAGES,
    load: async () => (await import('./gc.ts')).gcCommand,
  },
  {
    name: 'status',
    summary: 'show where intents are, why, and what to do next',
    group: CLUSTER,
    load: async () => (await import('./status.ts')).statusCommand,
  },
  {
    name: 'plan',
    summary: 'show what would come of intents in this cluster now',
    group: CLUSTER,
    load: async () => (await import('./plan.ts')).planCommand,
  },
  {
    name: 'doctor',
    summary: 'check everything that the operator needs',
    group: CLUSTER,
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'approve',
    summary: 'agree to the plan of an intent that awaits approval',
    group: DECISIONS,
    load: async () => (await import('./approve.ts')).approveCommand,
  },
  {
    name: 'reject',
    summary: 'refuse the plan of an intent that awaits approval',
    group: DECISIONS,
    load: async () => (await import('./approve.ts')).rejectCommand,
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    group: SHELL,
    load: async () => (await import('./completion.ts')).completionCommand,
  },
];
