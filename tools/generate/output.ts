/** A file of the repository that is made from the sources. */
export interface Output {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly content: string;
}
