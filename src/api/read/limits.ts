/** Bytes of UTF-8 of one input, all its documents together. */
export const MAX_INPUT_BYTES = 1024 * 1024;
/** Mappings and lists within each other. Deeper input is refused before anything recurses into it. */
export const MAX_DEPTH = 64;
/** Documents of one input. A mebibyte of intents is fewer. */
export const MAX_DOCUMENTS = 10_000;
/** Tokens of one YAML document. The library needs about a kilobyte for each; a mebibyte of intents has fewer. */
export const MAX_YAML_TOKENS = 250_000;
/** Faults told of one document; a text full of them is not answered with a text many times its size. */
export const MAX_FAULTS = 20;

/** Keys that reach the prototype of a JavaScript object when somebody merges the value carelessly. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
