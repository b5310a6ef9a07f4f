import type { Heard } from '../../reconcile/path.ts';
import { callerWords } from './caller-words.ts';
import { isSeen } from './reader.ts';
import type { Sight } from './sight.ts';
import type { Subject } from './subject.ts';

/** Something that the operator may know and the caller does not. */
export interface Gap {
  readonly what: string;
  readonly why: string;
  /** The operator may come to another planDigest. */
  readonly digest: boolean;
}

interface Seeing {
  readonly sight: Sight;
  readonly heard: Heard;
  readonly subject: Subject;
  /** Why it can not be seen whether approvals are guarded. */
  readonly guard?: string;
  /** Why the API server could not be asked. */
  readonly dryRun?: string;
}

/** All that is not known and matters here. Pure. */
export function gapsOf({ sight, heard, subject, guard, dryRun }: Seeing): readonly Gap[] {
  const { considered, approval } = heard;
  const { base, verdict } = considered;
  const { policies, autoscaler, approvals, rival } = sight;
  const gap = (what: string, why: string | undefined, digest: boolean): readonly Gap[] =>
    why === undefined ? [] : [{ what, why: callerWords(why), digest }];
  const whyNot = (seen: object): string | undefined => ('why' in seen ? String(seen.why) : undefined);
  const noLabels = base.state === 'found' && base.labels === 'unknown' ? 'its metadata could not be read' : undefined;
  const matching = verdict.considered.find(({ rule, result }) => rule === 'match' && result === 'Wait');
  return [
    ...gap('the live target', base.state === 'unreadable' ? base.why : undefined, true),
    ...gap('labels and owner of the target', noLabels, true),
    ...gap('the policies', whyNot(policies), true),
    ...gap('which policies apply', matching?.message, true),
    ...gap('whether an autoscaler sets the replicas', whyNot(autoscaler), true),
    ...gap('whether another intent has the field', whyNot(rival), false),
    ...gap('who has approved', approval !== undefined && !isSeen(approvals) ? approvals.why : undefined, false),
    ...gap('whether approvals are guarded, and so count', guard, false),
    ...gap('what the API server says to the patch', dryRun, false),
    ...gap(
      'whether the cluster has this intent already',
      subject.stored === 'unknown' ? 'you may not get it' : undefined,
      false,
    ),
  ];
}
