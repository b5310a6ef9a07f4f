import { printable } from '../../platform/escape.ts';

// What the message about approvals says, and whether one that was written says it: the command line knows of the guard and of
// the policies only what the operator tells there.

const MOST_LETTERS = 64;
const UNTRUSTED = 'before the admission policies were in force as they are now';
const UNGUARDED = 'without a guard';
const UNCOUNTABLE = 'approvals do not count for now: ';
const ASKS = 'asks for the change';
const NOT_COUNTED = 'not counted: ';
const BETWEEN = ', ';
const COUNTED = /^\d+ of \d+ approvals \((.*?)\);/s;
const LEAVES_OUT = new RegExp(`; ${NOT_COUNTED}.*${BETWEEN}\\d+ more; `, 's');

export const NO_AUTHOR =
  'nobody can approve it while spec.requestedBy does not say who asks, because a policy refuses the author';

/** A name as people see it: harmless and short. */
export function shown(name: string): string {
  const letters = Array.from(printable(name));
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS).join('')}…` : letters.join('');
}

export const uncountable = (why: string): string => `${UNCOUNTABLE}${why}`;
export const notBy = (author: string): string => `not by ${shown(author)}`;
export const notCounted = (name: string, why: string): string => `${shown(name)} (${why})`;
export const counted = (count: number, needed: number, names: string): string =>
  `${count} of ${needed} approvals${names === '' ? '' : ` (${names})`}`;
export const notCountedAre = (names: string): string => `${NOT_COUNTED}${names}`;
/** Names, and how many there are that are not named. */
export const listed = (names: readonly string[], more: number): string =>
  [...names, ...(more > 0 ? [`${more} more`] : [])].join(BETWEEN);
export const asksForIt = (): string => ASKS;
export const untrusted = (verb: string): string => `${verb} ${UNTRUSTED}`;
export const unguarded = (verb: string): string => `${verb} ${UNGUARDED}`;

/** Nobody's decision counts, because the guard is not in force. */
export const tellsBrokenGuard = (message: string): boolean => message.includes(UNCOUNTABLE);

/** The approval of this person is from before the guard, or from without one. */
export const tellsUntrusted = (message: string, approver: string): boolean =>
  [untrusted('approved'), unguarded('approved')].some((why) => message.includes(notCounted(approver, why)));

/** Not all who do not count have room in it, and this person, whom it does not name among those who count, may be one of them. */
export const mayLeaveOut = (message: string, approver: string): boolean =>
  LEAVES_OUT.test(message) && COUNTED.exec(message)?.[1]?.split(BETWEEN).includes(shown(approver)) !== true;

/** A policy refuses the author, who is this person, or nobody as long as it is not known who. */
export const tellsAuthorRefused = (message: string, author: string | undefined): boolean =>
  author === undefined
    ? message.includes(NO_AUTHOR)
    : message.includes(`; ${notBy(author)};`) || message.includes(notCounted(author, ASKS));
