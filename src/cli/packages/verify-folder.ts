import { basename } from 'node:path';
import { Failure } from '../../api/errors.ts';
import type { Plan } from '../../kpt/change.ts';
import type { FoundFolder } from '../../kpt/found.ts';
import type { Package } from '../../kpt/package.ts';
import { renderPackage } from '../../kpt/render.ts';
import { type PackageFinding, verifyAgainst } from '../../kpt/verify.ts';
import { looksLikePackage, nameInKptfile, planIn } from './read-plan.ts';

export interface VerifiedFolder {
  /** The package that the folder should be; undefined where nothing in it says so. */
  readonly expected: Package | undefined;
  readonly findings: readonly PackageFinding[];
}

/**
 * Checks a plain package folder without its intent: the patch says what the change is, the change is rendered anew, and
 * every byte and mode is compared. The digest in the package's name says whether the patch is the one it was made with: the
 * folder's own name where it is a package name, and what the Kptfile says for a copy that got another. Pure.
 */
export function verifyFolder(path: string, folder: FoundFolder): VerifiedFolder {
  const plan = planIn(folder);
  const expected = plan === undefined ? undefined : render(plan);
  if (plan === undefined || expected === undefined) {
    const message = 'holds no patch that Patchgen has made';
    return { expected: undefined, findings: [{ code: 'changed', path: '.', message }] };
  }
  const findings = verifyAgainst(folder, expected);
  const called = basename(path);
  const claimed = looksLikePackage(called) ? called : nameInKptfile(folder);
  if (claimed === undefined || claimed === expected.name) return { expected, findings };
  if (findings.length === 0) return { expected, findings: [renamed(called, expected)] };
  const patch = `${plan.change.type}-patch.yaml`;
  // The patch is what was altered, so what it renders to is no measure for the bytes of the other files.
  const others = findings.filter(({ code }) => code !== 'changed');
  return {
    expected: undefined,
    findings: [{ code: 'changed', path: patch, message: otherChange(claimed) }, ...others],
  };
}

function renamed(called: string, expected: Package): PackageFinding {
  return { code: 'name', path: '.', message: `the folder is called ${called}, but holds ${expected.name}` };
}

function otherChange(claimed: string): string {
  return `asks for another change than the one that ${claimed} was made for`;
}

function render(plan: Plan): Package | undefined {
  try {
    return renderPackage(plan);
  } catch (error) {
    // A patch with names that no package has.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
