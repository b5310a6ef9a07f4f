import { CASES_OF_PODS } from './cases-of-pods.ts';
import { CASES_OF_POLICIES } from './cases-of-policies.ts';
import { CASES_OF_WORK } from './cases-of-work.ts';
import type { AlertCases } from './story.ts';

/** For each alert what makes it fire, and what looks like it and must not. */
export const CASES: Readonly<Record<string, AlertCases>> = {
  ...CASES_OF_PODS,
  ...CASES_OF_POLICIES,
  ...CASES_OF_WORK,
};
