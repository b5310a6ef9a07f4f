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
export { unknownVariables } from './config/unknown-variables.ts';

/** The environment of this process. */
export const environment = (): Readonly<Record<string, string | undefined>> => process.env;

/** The variables by which a cluster is found: those of kubectl and those that every pod has. */
export function accessEnvironment(env: Readonly<Record<string, string | undefined>> = environment()): {
  readonly kubeconfig?: string;
  readonly home?: string;
  readonly serviceHost?: string;
  readonly servicePort?: string;
} {
  const { KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT } = env;
  return {
    ...(KUBECONFIG ? { kubeconfig: KUBECONFIG } : {}),
    ...(HOME ? { home: HOME } : {}),
    ...(KUBERNETES_SERVICE_HOST ? { serviceHost: KUBERNETES_SERVICE_HOST } : {}),
    ...(KUBERNETES_SERVICE_PORT ? { servicePort: KUBERNETES_SERVICE_PORT } : {}),
  };
}
