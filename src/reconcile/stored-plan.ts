import type { OwnerStatus, PlanBase, PlanField, PolicyVerdict } from '../api/schema/status.ts';
import type { PlanStatus } from '../api/types.ts';

// Parts of a stored status, read as `stored-status.ts` reads it: what has not the right shape is left out.

export function readPlan(raw: unknown): PlanStatus | undefined {
  if (!isRecord(raw) || typeof raw.changeDigest !== 'string') return undefined;
  const action = ACTIONS.find((one) => one === raw.action);
  const warnings = Array.isArray(raw.warnings) ? raw.warnings.filter((one) => typeof one === 'string') : undefined;
  const fields = Array.isArray(raw.fields) ? raw.fields.filter(isField) : undefined;
  return {
    changeDigest: raw.changeDigest,
    ...text('packageDigest', raw),
    ...text('planDigest', raw),
    ...(action === undefined ? {} : { action }),
    ...(isBase(raw.base) ? { base: raw.base } : {}),
    ...(fields === undefined ? {} : { fields }),
    ...text('diff', raw),
    ...(warnings === undefined ? {} : { warnings }),
  };
}

export function readOwner(raw: unknown): OwnerStatus | undefined {
  if (!isRecord(raw) || typeof raw.kind !== 'string' || typeof raw.advice !== 'string') return undefined;
  const tool = TOOLS.find((one) => one === raw.tool);
  if (tool === undefined) return undefined;
  return { tool, kind: raw.kind, ...text('name', raw), ...text('namespace', raw), advice: raw.advice };
}

export function readPolicy(raw: unknown): PolicyVerdict | undefined {
  if (!isRecord(raw) || !Array.isArray(raw.considered)) return undefined;
  const decision = RESULTS.find((one) => one === raw.decision);
  if (decision === undefined) return undefined;
  const considered = raw.considered.filter(
    (one): one is PolicyVerdict['considered'][number] =>
      isRecord(one) && RESULTS.some((result) => result === one.result),
  );
  return { decision, considered };
}

const ACTIONS = ['Change', 'NoChange', 'Unknown'] as const;
const TOOLS = ['Flux', 'Argo CD', 'Helm'] as const;
const RESULTS = ['Allow', 'Warn', 'Approval', 'Wait', 'Refuse'] as const;

const isBase = (raw: unknown): raw is PlanBase =>
  isRecord(raw) && typeof raw.uid === 'string' && typeof raw.resourceVersion === 'string';

const isField = (raw: unknown): raw is PlanField =>
  isRecord(raw) &&
  typeof raw.path === 'string' &&
  typeof raw.to === 'string' &&
  (raw.from === undefined || typeof raw.from === 'string');

function text<K extends string>(name: K, raw: Readonly<Record<string, unknown>>): { [P in K]?: string } {
  const value = raw[name];
  return typeof value === 'string' ? ({ [name]: value } as { [P in K]?: string }) : {};
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
