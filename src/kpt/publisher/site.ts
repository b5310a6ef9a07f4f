import type { Directory, Files } from '../../platform/files/files.ts';
import type { Claimant } from '../../platform/processes/claimant.ts';
import type { Random } from '../../platform/random.ts';
import type { Package } from '../package.ts';
import type { Catalogue } from './catalogue.ts';
import type { Lease } from './lease.ts';

/** Named points between two steps, where a test stops the process. Nothing is called in production. */
export type Failpoint = (point: string) => void;

/** Something worth a line in the log, told by the thread and written by the main side. */
export interface Note {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** All that the publisher's work needs from outside. */
export interface Site {
  readonly files: Files;
  readonly rootPath: string;
  readonly minFreeBytes: number;
  readonly random: Pick<Random, 'hex' | 'uuid'>;
  readonly lease: Lease;
  readonly claimant: Claimant;
  readonly probe: Package;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  readonly reach: Failpoint;
  readonly tell: (note: Note) => void;
}

/** The opened root. `store` is replaced after a failed sync: a descriptor that reported an error is not synced again. */
export interface Root {
  readonly rootId: string;
  readonly top: Directory;
  readonly meta: Directory;
  store: Directory;
  readonly staging: Directory;
  readonly records: Directory;
  readonly quarantine: Directory;
}

/** The root while this process is its one writer. */
export interface Tenure {
  readonly root: Root;
  readonly epoch: number;
  /** `staging/<epoch>`, held open. */
  readonly work: Directory;
  readonly catalogue: Catalogue;
  /** Digest → tree in `work` that is whole and durable already; see prestage.ts. */
  readonly prestaged: Map<string, string>;
}
