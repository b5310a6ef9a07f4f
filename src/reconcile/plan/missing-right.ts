export interface Right {
  readonly verb: string;
  /** Empty: the core group. */
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

const MAY_NOT = 'the operator may not ';

/** A right that the operator has not, for people: `may not get deployments/scale of apps in namespace shop …`. */
export function rightOf({ verb, group, resource, namespace, name }: Right): string {
  const what = `${resource}${group === '' ? '' : ` of ${group}`}${name === undefined ? '' : ` named ${name}`}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${MAY_NOT}${verb} ${what}${where}: grant it in the chart by the value ${valueFor(verb)}`;
}

/** What grants a right on targets in the chart: the kind, or for the patch that only a dry run needs a value of its own. */
export const valueFor = (verb: string): string => (verb === 'patch' ? 'planDryRun: true' : 'targets');

/** Whether these words tell of a right that is missing, as `rightOf` has it. */
export const tellsOfRight = (text: string): boolean => text.includes(MAY_NOT);
