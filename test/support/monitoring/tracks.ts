import { type Exposition, familyOf, type Sample } from './exposition.ts';
import { selectorsOf, selects } from './promql.ts';

/** The labels that Prometheus adds to what it reads from one pod, as a ServiceMonitor makes them. */
export interface Target {
  readonly namespace: string;
  readonly job: string;
  readonly instance: string;
  readonly pod: string;
}

/** One reading of /metrics; undefined where nobody answered. */
export interface Scrape {
  /** Milliseconds that never go back. */
  readonly at: number;
  readonly exposition: Exposition | undefined;
}

/** One series over time, one value per minute, in the notation of promtool. */
export interface Track {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: string;
}

/** How a series goes on after the last scrape: nothing changes, all grows as between the last two, or the pod is gone. */
export type Outlook = 'hold' | 'grow' | 'gone';

const MINUTES = 120;
/** Gauges that tell an age without a bound: where nothing happens any more, they grow. */
const AGES = new Set([
  'patchgen_watch_last_contact_seconds',
  'patchgen_intents_outdated_seconds',
  'patchgen_approvals_pending_oldest_seconds',
  'patchgen_publisher_oldest_call_seconds',
]);

export const target = (pod: string, job = 'patchgen'): Target => ({
  namespace: 'patchgen-system',
  job,
  instance: `${pod}:8080`,
  pod,
});

/**
 * What Prometheus would hold of one pod: each scrape is the value of one minute, and then come two hours of `outlook`.
 * Growth is that of the time which passed between the last two scrapes, per minute.
 */
export function tracksOf(it: Target, scrapes: readonly Scrape[], outlook: Outlook): readonly Track[] {
  const series = new Map<string, Sample>();
  for (const { exposition } of scrapes)
    for (const sample of exposition?.samples ?? []) series.set(keyOf(sample), sample);
  const up = scrapes.map(({ exposition }) => (exposition === undefined ? 0 : 1));
  const last = outlook === 'gone' ? 0 : (up.at(-1) ?? 0);
  return [
    { name: 'up', labels: { ...it }, values: `${up.join(' ')} ${last}x${MINUTES}` },
    ...[...series].map(([key, { name, labels }]) => {
      const points = scrapes.map(({ exposition }) => exposition?.samples.find((one) => keyOf(one) === key)?.value);
      const values = [...points.map((value) => valueOf(value)), rest(name, scrapes, points, outlook)];
      return { name, labels: { ...labels, ...it }, values: values.join(' ') };
    }),
  ];
}

const keyOf = ({ name, labels }: Sample): string => `${name} ${JSON.stringify(Object.entries(labels).toSorted())}`;
const valueOf = (value: number | undefined): string => (value === undefined ? '_' : String(value));

function rest(
  name: string,
  scrapes: readonly Scrape[],
  points: readonly (number | undefined)[],
  outlook: Outlook,
): string {
  const now = points.at(-1);
  if (outlook === 'gone' || now === undefined) return 'stale';
  const perMinute = outlook === 'grow' ? growth(name, scrapes, points, now) : 0;
  return `${now}+${perMinute}x${MINUTES}`;
}

function growth(
  name: string,
  scrapes: readonly Scrape[],
  points: readonly (number | undefined)[],
  now: number,
): number {
  const exposition = scrapes.at(-1)?.exposition;
  if (exposition === undefined) return 0;
  const type = exposition.types.get(familyOf({ name }, exposition));
  if (type === 'gauge' && !AGES.has(name)) return 0;
  const passed = (scrapes.at(-1)?.at ?? 0) - (scrapes.at(-2)?.at ?? 0);
  const grown = now - (points.at(-2) ?? 0);
  return passed > 0 && grown > 0 ? (grown / passed) * 60_000 : 0;
}

/** The same tracks with other values for what the selector names. Throws where it names nothing. */
export function withValues(tracks: readonly Track[], selector: string, values: string): readonly Track[] {
  const chosen = choose(tracks, selector);
  return tracks.map((track) => (chosen.has(track) ? { ...track, values } : track));
}

/** The same tracks and copies of what the selector names, with other labels and values. Throws where it names nothing. */
export function withCopies(
  tracks: readonly Track[],
  selector: string,
  labels: Readonly<Record<string, string>>,
  values: string,
): readonly Track[] {
  const copies = [...choose(tracks, selector)].map((track) => ({
    ...track,
    labels: { ...track.labels, ...labels },
    values,
  }));
  return [...tracks, ...copies];
}

export function without(tracks: readonly Track[], selector: string): readonly Track[] {
  const chosen = choose(tracks, selector);
  return tracks.filter((track) => !chosen.has(track));
}

function choose(tracks: readonly Track[], selector: string): ReadonlySet<Track> {
  const [wanted] = selectorsOf(selector);
  const chosen = tracks.filter(
    ({ name, labels }) => name === wanted?.name && wanted.matchers.every((matcher) => selects(matcher, labels)),
  );
  if (chosen.length === 0) throw new Error(`the operator has no series ${selector}`);
  return new Set(chosen);
}

/** `name{label="value",…}` */
export function seriesText({ name, labels }: Pick<Track, 'name' | 'labels'>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(',')}}`;
}
