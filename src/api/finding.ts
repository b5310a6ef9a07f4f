/** One thing that is wrong with a document. All findings of a document are reported at once. */
export interface Finding {
  /** Stable, for programs: a value of `FindingCode`, or a code of the reader. */
  readonly code: string;
  /**
   * JSON pointer (RFC 6901) to the offending value; the empty string is the whole document. Exact, so that a reader can
   * find the place: escape it before it is shown, for an unknown field may be called anything.
   */
  readonly pointer: string;
  /** For people. Begins with, or holds, the phrase that scripts match on; never holds a raw control character. */
  readonly message: string;
}
