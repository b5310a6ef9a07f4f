// Bounds and patterns of the contract, apart from the schema so that checks in code need not load it.

/** RFC 1123 label: what namespaces are, and what this API allows as a target name (no dots). */
export const NAME_PATTERN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
export const MAX_TARGET_LENGTH = 253;
export const MAX_NAMESPACE_LENGTH = 63;

/** `v1`, `apps/v1`, `example.com/v1alpha1`. `[.]`, because a backslash would need another escape in every place it is copied to. */
export const API_VERSION_PATTERN =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?$';
/** A group of 253, a slash and a version label. */
export const MAX_API_VERSION_LENGTH = 317;
export const KIND_PATTERN = '^[A-Z][A-Za-z0-9]*$';
export const MAX_KIND_LENGTH = 63;

export const CORRELATION_ID_PATTERN = '^[a-zA-Z0-9_-]+$';
export const MAX_CORRELATION_ID_LENGTH = 128;
export const MAX_REASON_LENGTH = 512;
export const MAX_SOURCE_LENGTH = 64;

export const MIN_REPLICAS = 0;
export const MAX_REPLICAS = 100;

/** Leaves room for what is put around the name of an intent in file names of 255 bytes. */
export const MAX_INTENT_NAME_LENGTH = 200;

/** sha256 as `sha256sum` prints it. */
export const DIGEST_PATTERN = '^[0-9a-f]{64}$';

export const INTENT_TYPES = Object.freeze(['scaling'] as const);
