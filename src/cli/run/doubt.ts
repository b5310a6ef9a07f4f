import type { ReplacedInfo } from '../../runtime/reflector.ts';

export type Doubt = 'kind' | 'rewound';

/** Why the absences that a whole list shows are not believed, if they are not. */
export function doubtOf({ rewound, kindWasAbsent }: ReplacedInfo): Doubt | undefined {
  if (rewound) return 'rewound';
  return kindWasAbsent ? 'kind' : undefined;
}

/**
 * What the lists told while nobody listened: what is absent at the beginning of a term is as doubtful as the worst list that
 * this process saw as a standby, or before it led.
 */
export class DoubtMemory {
  #cause: Doubt | undefined;

  get cause(): Doubt | undefined {
    return this.#cause;
  }

  replaced(info: ReplacedInfo): void {
    this.#cause = doubtOf(info) ?? this.#cause;
  }

  /** A kind that went away took its objects along. */
  kindIsMissing(missing: boolean): void {
    if (missing) this.#cause ??= 'kind';
  }
}
