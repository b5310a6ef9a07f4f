import { isCustomKind } from '../../api/custom-kind.ts';
import type { PlanField } from '../../api/schema/status.ts';
import type { Change, Plan } from '../../kpt/change.ts';
import { yamlDocument } from '../../kpt/yaml.ts';
import type { Base } from './base.ts';
import { cut } from './cut.ts';
import { fieldsOf, liveValue, type PatchField, pathText, withValue } from './fields.ts';
import type { LivePlan } from './live-plan.ts';
import { unifiedDiff } from './unified-diff.ts';

// The bounds of status.plan.
const MAX_PATH = 256;
const MAX_VALUE = 1024;
const MAX_DIFF = 4096;
const MAX_SUMMARY = 1024;
const MAX_WARNING = 1024;
const MAX_LIST = 64;

/** A field beside its live value. */
interface Compared extends PatchField {
  /** Undefined where it is not known. */
  readonly from: unknown;
}

/** The plan beside the live target: what would change, and what a reviewer should know. Pure. */
export function holdAgainst(plan: Plan, base: Base): LivePlan {
  const found = base.state === 'found' ? base : undefined;
  const compared = fieldsOf(plan.patch).map((field) => ({ ...field, from: found && liveValue(found, field.path) }));
  const action = actionOf(compared);
  const diff = action === 'Change' ? diffOf(plan, compared) : '';
  return {
    action,
    ...(found === undefined ? {} : { base: { uid: found.uid, resourceVersion: found.resourceVersion } }),
    fields: compared.slice(0, MAX_LIST).map(fieldStatus),
    ...(diff === '' ? {} : { diff: cut(diff, MAX_DIFF) }),
    summary: cut(summaryOf(plan, action, compared), MAX_SUMMARY),
    warnings: [...plan.warnings, ...warningsOf(plan.change, base)]
      .slice(0, MAX_LIST)
      .map((text) => cut(text, MAX_WARNING)),
  };
}

function actionOf(fields: readonly Compared[]): LivePlan['action'] {
  if (fields.some(({ from }) => from === undefined)) return 'Unknown';
  return fields.every(({ from, to }) => from === to) ? 'NoChange' : 'Change';
}

function summaryOf({ summary }: Plan, action: LivePlan['action'], fields: readonly Compared[]): string {
  if (action === 'Unknown') return summary;
  if (action === 'NoChange')
    return `${fields.map((field) => `${nameOf(field)} ${textOf(field.to)}`).join(', ')} (no change)`;
  const moved = fields.filter(({ from, to }) => from !== to);
  return moved.map((field) => `${nameOf(field)} ${textOf(field.from)} → ${textOf(field.to)}`).join(', ');
}

/** Only the fields of the patch are compared, so the live document has no others either. */
function diffOf({ patch, change: { target } }: Plan, fields: readonly Compared[]): string {
  const live = fields.reduce((document, { path, from }) => withValue(document, path, from), patch);
  const name = `${target.kind}/${target.namespace}/${target.name}`;
  return unifiedDiff(yamlDocument(live), yamlDocument(patch), { before: `live/${name}`, after: `planned/${name}` });
}

function warningsOf({ target }: Change, base: Base): readonly string[] {
  const { apiVersion, kind, namespace, name } = target;
  const unchecked = isCustomKind(apiVersion)
    ? [`whether ${apiVersion} ${kind} can be scaled by .spec.replicas is not known here`]
    : [];
  switch (base.state) {
    case 'found':
      return base.warnings;
    case 'missing': {
      const what = base.notServed === true ? `kind ${apiVersion} ${kind}` : `${kind} ${name} in namespace ${namespace}`;
      return [`${what} does not exist here; the package may be meant for another cluster`, ...(base.warnings ?? [])];
    }
    case 'unreadable':
      return [base.why, ...(base.warnings ?? [])];
    case 'not-asked':
      return unchecked;
  }
}

function fieldStatus({ path, from, to }: Compared): PlanField {
  return {
    path: cut(pathText(path), MAX_PATH),
    ...(from === undefined ? {} : { from: cut(textOf(from), MAX_VALUE) }),
    to: cut(textOf(to), MAX_VALUE),
  };
}

const nameOf = ({ path }: PatchField): string => path.at(-1) ?? '';
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
