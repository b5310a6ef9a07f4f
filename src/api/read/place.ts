/**
 * Where a value and its parts stand in the text: the shadow of a value that a reader builds beside it. Offsets are
 * indexes into the text; `keyStart` is there for members of a mapping.
 */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly keyStart?: number;
  readonly keyEnd?: number;
  readonly members?: ReadonlyMap<string, Place>;
  readonly items?: readonly Place[];
}

/** A value together with its shadow. */
export interface Placed {
  readonly value: unknown;
  readonly place: Place;
}

export interface Found {
  readonly place: Place;
  /** False where the pointer leads to something that is not in the text; `place` is then the nearest part that is. */
  readonly exact: boolean;
}

/** The place that a JSON pointer (RFC 6901) leads to, or the nearest one on the way to it. */
export function locate(root: Place, pointer: string): Found {
  let place = root;
  for (const segment of segmentsOf(pointer)) {
    const next = place.members?.get(segment) ?? place.items?.[indexOf(segment)];
    if (next === undefined) return { place, exact: false };
    place = next;
  }
  return { place, exact: true };
}

export function segmentsOf(pointer: string): readonly string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** One more segment on a JSON pointer. */
export function join(pointer: string, segment: string | number): string {
  return `${pointer}/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function indexOf(segment: string): number {
  return /^(0|[1-9][0-9]{0,8})$/.test(segment) ? Number(segment) : -1;
}
