// Bounds and patterns of PatchPolicy and PatchApproval, apart from the schema so that checks in code need not load it.

/** A lower case name in which `*` stands for any characters. */
export const NAME_GLOB_PATTERN = '^[a-z0-9*]([-a-z0-9.*]*[a-z0-9*])?$';

// apimachinery's rules for labels: an optional DNS prefix, a slash, and a name; values may be empty.
export const LABEL_KEY_PATTERN =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$';
/** A prefix of 253, a slash and a name of 63. */
export const MAX_LABEL_KEY_LENGTH = 317;
export const LABEL_VALUE_PATTERN = '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$';
export const MAX_LABEL_VALUE_LENGTH = 63;

const CRON_NAMES = 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT';
const CRON_FIELD = `([0-9*,/-]|${CRON_NAMES})+`;
/** The letters of five fields of cron. Whether they make sense together is for the library that reads them. */
export const CRON_PATTERN = `^${CRON_FIELD}( ${CRON_FIELD}){4}$`;
export const MAX_CRON_LENGTH = 128;

/** A name of the IANA time zone database, and no offset: an offset knows no daylight saving. */
export const TIME_ZONE_PATTERN = '^[A-Za-z][A-Za-z0-9_+/-]*$';
export const MAX_TIME_ZONE_LENGTH = 64;

/** The name stands in the messages and the status of every intent that the policy touches. */
export const MAX_POLICY_NAME_LENGTH = 63;

export const MAX_NAMES = 64;
export const MAX_KINDS = 16;
export const MAX_WINDOWS = 16;
export const MAX_LABELS = 16;
export const MAX_LABEL_VALUES = 32;
export const MAX_DELTA = 100;
export const MAX_PERCENT = 10_000;
export const MAX_PER_TARGET_PER_HOUR = 1000;
export const MAX_PER_NAMESPACE_PER_HOUR = 5000;
export const MAX_STORM_FAILURES = 100;
export const MAX_APPROVALS = 10;

/** User names are whatever the authenticator says: `system:serviceaccount:…`, an OIDC issuer with a subject. */
export const MAX_USER_NAME_LENGTH = 512;
export const MAX_COMMENT_LENGTH = 512;

/** What holds where a field of a policy is left out. The server fills the same in. */
export const POLICY_DEFAULTS = Object.freeze({
  timeZone: 'UTC',
  approvals: 1,
  timeToLive: '24h',
  author: 'Refuse',
} as const);
