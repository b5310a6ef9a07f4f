/** What an absent field means. The CRD states the same defaults, from this table. */
export const DEFAULTS = Object.freeze({
  targetApiVersion: 'apps/v1',
  targetKind: 'Deployment',
  suspend: false,
  dryRun: false,
});
