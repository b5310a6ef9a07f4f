import { AccessError } from '../../platform/kubernetes/access.ts';
import { ApiError, ConnectionError } from '../../platform/kubernetes/client.ts';

export interface Verdict {
  readonly state: 'ok' | 'failed' | 'skipped';
  /** What was seen. */
  readonly detail: string;
  /** What to do about it; only with `failed`. */
  readonly fix?: string;
}

export interface Finding extends Verdict {
  readonly area: string;
  readonly name: string;
}

/** One line of the doctor. A check that throws has failed. */
export interface DoctorCheck {
  readonly area: string;
  readonly name: string;
  /** Name of a check that must have passed; otherwise this one is skipped. */
  readonly needs?: string;
  readonly run: () => Verdict | Promise<Verdict>;
}

export const ok = (detail: string): Verdict => ({ state: 'ok', detail });
export const failed = (detail: string, fix: string): Verdict => ({ state: 'failed', detail, fix });
export const skipped = (detail: string): Verdict => ({ state: 'skipped', detail });

/** Runs the checks in order, one after the other, and tells each as it ends. Never rejects. */
export async function runChecks(
  checks: readonly DoctorCheck[],
  tell: (finding: Finding) => void = () => {},
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const passed = new Set<string>();
  for (const check of checks) {
    const { area, name, needs } = check;
    const verdict =
      needs !== undefined && !passed.has(needs) ? skipped(`not looked at, because of: ${needs}`) : await judged(check);
    if (verdict.state === 'ok') passed.add(name);
    const finding = { area, name, ...verdict };
    findings.push(finding);
    tell(finding);
  }
  return findings;
}

async function judged(check: DoctorCheck): Promise<Verdict> {
  try {
    return await check.run();
  } catch (error) {
    return failed(messageOf(error), fixFor(error));
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function fixFor(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) return 'log in again, or renew the token of the kubeconfig';
  if (error instanceof ApiError && error.status === 403)
    return 'grant the user or service account what the message names';
  if (error instanceof AccessError)
    return 'name a kubeconfig with --kubeconfig, or leave the cluster out with --no-cluster';
  if (error instanceof ConnectionError) return 'check that the address is right and reachable from here';
  return 'see the message';
}
