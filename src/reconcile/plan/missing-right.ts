export interface Right {
  readonly verb: string;
  /** Empty: the core group. */
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** A right that the operator has not, for people: `may not get deployments/scale of apps in namespace shop …`. */
export function rightOf({ verb, group, resource, namespace, name }: Right): string {
  const what = `${resource}${group === '' ? '' : ` of ${group}`}${name === undefined ? '' : ` named ${name}`}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `the operator may not ${verb} ${what}${where}: grant it in the chart by the value targets`;
}
