import type { Crd, CrdVersion } from './crd.ts';
import { lintSchema, type SchemaView } from './crd-lint-schema.ts';
import type { JsonSchema } from './structural.ts';

/**
 * What is wrong with a CRD, before a server sees it; empty when nothing is. Needed because some mistakes do not get an
 * answer: `$schema` or `patternProperties` together with selectable fields panics the handler of kube-apiserver 1.36,
 * and the client only sees a closed connection.
 */
export function lintCrd(crd: Crd): readonly string[] {
  const { names, group, versions } = crd.spec;
  const problems: string[] = [];
  if (crd.metadata.name !== `${names.plural}.${group}`) problems.push('metadata.name: must be <plural>.<group>');
  if (versions.filter((version) => version.storage).length !== 1) {
    problems.push('spec.versions: exactly one must be the storage version');
  }
  return problems.concat(versions.flatMap(lintVersion));
}

function lintVersion(version: CrdVersion): string[] {
  const root = version.schema.openAPIV3Schema;
  return [
    ...lintSchema(root),
    ...lintMetadata(root),
    ...(version.selectableFields ?? []).flatMap(({ jsonPath }) => lintSelectable(root, jsonPath)),
    ...version.additionalPrinterColumns.flatMap(({ name, jsonPath }) => lintColumn(root, name, jsonPath)),
  ];
}

/** The server allows no more than bounds on the name to be said about metadata. */
function lintMetadata(root: JsonSchema): string[] {
  const metadata = fieldAt(root, '.metadata');
  if (metadata === undefined) return [];
  const extra = Object.keys(metadata).filter((key) => key !== 'type' && key !== 'properties');
  const fields = Object.keys((metadata.properties as JsonSchema | undefined) ?? {});
  const foreign = fields.filter((field) => field !== 'name' && field !== 'generateName');
  return [...extra, ...foreign].map((key) => `metadata.${key}: only name and generateName may be described`);
}

function lintSelectable(root: JsonSchema, path: string): string[] {
  const field = fieldAt(root, path);
  if (field === undefined) return [`selectableFields ${path}: no such field`];
  const scalar = field.type === 'string' || field.type === 'integer' || field.type === 'boolean';
  return scalar ? [] : [`selectableFields ${path}: must be a string, an integer or a boolean`];
}

function lintColumn(root: JsonSchema, name: string, path: string): string[] {
  if (path.startsWith('.metadata.')) return [];
  return fieldAt(root, path) === undefined ? [`column ${name}: ${path} leads nowhere`] : [];
}

/** The schema at a JSON path of plain names; a filter such as `[?(@.type=="Ready")]` steps into the items. */
function fieldAt(root: JsonSchema, path: string): SchemaView | undefined {
  const steps = path
    .replace(/\[\?\([^)]*\)\]/g, '.[]')
    .split('.')
    .slice(1);
  let schema: SchemaView | undefined = root;
  for (const step of steps) {
    schema = step === '[]' ? schema?.items : schema?.properties?.[step];
  }
  return schema;
}
