/** What `project` makes of an object, or nothing: what no schema ever saw is left out here as the operator leaves it out. */
export function wellFormed<T>(project: (raw: unknown) => T, raw: unknown): readonly T[] {
  try {
    return [project(raw)];
  } catch (error) {
    if (error instanceof TypeError) return [];
    throw error;
  }
}
