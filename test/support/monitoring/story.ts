import { type Track, withCopies, without, withValues } from './tracks.ts';

type Change = (tracks: readonly Track[]) => readonly Track[];

/** What happens to two pods that were well, and the minutes after which it is looked. */
export interface Story {
  readonly change: Change;
  /** Default: 60. */
  readonly at?: readonly number[];
  /** Other alerts that fire too, and should. */
  readonly besides?: readonly string[];
}

export interface AlertCases {
  readonly fires: Readonly<Record<string, Story>>;
  readonly staysQuiet: Readonly<Record<string, Story>>;
}

export const set =
  (selector: string, values: string): Change =>
  (tracks) =>
    withValues(tracks, selector, values);
export const copy =
  (selector: string, labels: Readonly<Record<string, string>>, values: string): Change =>
  (tracks) =>
    withCopies(tracks, selector, labels, values);
export const drop =
  (selector: string): Change =>
  (tracks) =>
    without(tracks, selector);
export const all =
  (...changes: readonly Change[]): Change =>
  (tracks) =>
    changes.reduce((now, change) => change(now), tracks);
/** Pods `a` (the leader) and `b` end after so many minutes; their targets go too, or stay and do not answer. */
export const gone =
  (pods: string, minutes: number, targets: 'go' | 'stay'): Change =>
  (tracks) =>
    tracks.map((track) => {
      if (!pods.includes(track.labels['pod'] ?? '')) return track;
      const down = targets === 'stay' && track.name === 'up' ? `0x${120 - minutes}` : 'stale';
      return { ...track, values: `${track.values.split(/[ +x]/)[0]}x${minutes} ${down}` };
    });

/** Another program with series of the same names: it is none of our business. */
export const ELSEWHERE = { namespace: 'other', job: 'other', instance: 'other:8080', pod: 'other' };
/** Minutes within and after a burst that ends at the thirtieth. */
export const WHILE_BURST = [31, 35, 40, 45, 50, 60];
