/** One error of ajv, as far as `checkPolicySpec` reads it. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The validator of the spec of a PatchPolicy, compiled ahead by ajv. `errors` holds what the last call found; read it before the next call. */
export const validate: {
  (data: unknown): boolean;
  readonly errors: readonly SchemaError[] | null;
};
