const SECRET_KEY =
  /(token|passw(or)?d|passphrase|secret|authorization|cookie|credentials?|(private|client|api|access)[-_]?key([-_]?data)?|certificate[-_]?data)$/i;

// What gives a secret away wherever it stands: bearer and basic credentials, JSON Web Tokens, private keys, passwords in URLs.
const SECRET_VALUES: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/-]{8,}=*/gi, '$1 [redacted]'],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, '[redacted]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/gs, '[redacted]'],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*):[^\s/@"]+@/gi, '$1:[redacted]@'],
  [/((?:client-key-data|token|password):\s*)[^\s"',}\\]+/gi, '$1[redacted]'],
];

export const REDACTED = '[redacted]';

/** Whether a field of this name holds a secret, whatever its value. A path such as `tokenFile` does not. */
export const isSecretKey = (key: string): boolean => SECRET_KEY.test(key);

/** The text without the secrets that can be told by their form. */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of SECRET_VALUES) result = result.replace(pattern, replacement);
  return result;
}
