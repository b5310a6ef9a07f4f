import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { OperatorProcess } from '../operator-process.ts';
import type { Stage } from './stage.ts';

/** What every part of the demo works with. */
export interface Scene {
  readonly stage: Stage;
  readonly plane: ControlPlane;
  readonly operator: OperatorProcess;
  /** The volume of the operator. */
  readonly outputDir: string;
  /** `<outputDir>/packages`. */
  readonly root: string;
}
