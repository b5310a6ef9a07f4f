import { rowOf, SETTING_NAMES, variableOf } from './table.ts';

// Kubernetes puts these into every pod beside a Service called patchgen or patchgen-<something>.
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?$/;

/** Variables that look like settings and are none: a typing error would otherwise go unnoticed. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = new Set([...SETTING_NAMES.map((name) => variableOf(rowOf(name).flag)), 'PATCHGEN_CONFIG']);
  return Object.keys(env)
    .filter((name) => name.startsWith('PATCHGEN_') && !known.has(name) && !SERVICE_LINK.test(name))
    .sort();
}
