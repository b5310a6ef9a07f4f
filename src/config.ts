/**
 * The settings of the operator and its commands, and the only reader of `process.env`.
 * Precedence: flags, environment (`PATCHGEN_<NAME>`), file (`--config`), defaults.
 */
export type { BindAddress } from './config/kinds.ts';
export {
  type Environment,
  type Flags,
  loadSettings,
  type ReadText,
  SettingError,
  type Settings,
} from './config/load.ts';
export {
  fileKeyOf,
  GROUPS,
  rowOf,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  type SettingName,
  variableOf,
} from './config/table.ts';

/** The environment of this process. */
export const environment = (): Readonly<Record<string, string | undefined>> => process.env;
