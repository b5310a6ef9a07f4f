import type { Placed } from './place.ts';

const LIST_KINDS: ReadonlySet<unknown> = new Set(['List', 'PatchIntentList']);

/** The items of a list object (`kubectl get -o json`), or the value itself. One level: a list in a list stays as it is. */
export function unfold(placed: Placed): readonly Placed[] {
  const { value, place } = placed;
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('items' in value)) return [placed];
  if (!LIST_KINDS.has(value.kind) || !Array.isArray(value.items)) return [placed];
  const places = place.members?.get('items')?.items ?? [];
  return value.items.map((item: unknown, index) => ({ value: item, place: places[index] ?? place }));
}
