/** What one intent wants of one field of one target. */
export interface Claim {
  /** `namespace/name` of the intent. */
  readonly key: string;
  readonly uid: string;
  /** `metadata.creationTimestamp`: RFC 3339 in whole seconds, so its order as text is its order in time. */
  readonly createdAt: string;
  /** Target and path as one text; two claims with the same one are about the same field. */
  readonly field: string;
  /** The wanted value in canonical form; equal texts are equal values. */
  readonly value: string;
}

/**
 * Who may have a field that several intents want. The oldest claim wins (creationTimestamp, then uid); who wants the same value
 * as the winner shares it, everybody else has lost to the winner. The outcome depends on the claims that are there and on nothing
 * else: not on the order in which they came, so it is the same after a restart.
 */
export class Contests {
  readonly #claims = new Map<string, Claim>();
  /** By field: the claims, the oldest first. */
  readonly #fields = new Map<string, readonly Claim[]>();

  /** Takes in what an intent wants now, in place of what it wanted before. Returns the keys of the others whose outcome moved. */
  set(claim: Claim): readonly string[] {
    const before = this.#claims.get(claim.key);
    if (before !== undefined && same(before, claim)) return [];
    return this.#moved(claim.key, [before?.field, claim.field], () => {
      this.#take(before);
      this.#claims.set(claim.key, claim);
      this.#fields.set(claim.field, [...this.#of(claim.field), claim].toSorted(byAge));
    });
  }

  /** The intent wants nothing any more. Returns the keys of the others whose outcome moved. */
  delete(key: string): readonly string[] {
    const before = this.#claims.get(key);
    if (before === undefined) return [];
    return this.#moved(key, [before.field], () => this.#take(before));
  }

  /** The claim that this intent has lost to; undefined where it wins, shares, or wants nothing. */
  rivalOf(key: string): Claim | undefined {
    const claim = this.#claims.get(key);
    if (claim === undefined) return undefined;
    const [winner] = this.#of(claim.field);
    return winner === undefined || winner.value === claim.value ? undefined : winner;
  }

  #of(field: string): readonly Claim[] {
    return this.#fields.get(field) ?? [];
  }

  #take(claim: Claim | undefined): void {
    if (claim === undefined) return;
    this.#claims.delete(claim.key);
    const rest = this.#of(claim.field).filter(({ key }) => key !== claim.key);
    if (rest.length === 0) this.#fields.delete(claim.field);
    else this.#fields.set(claim.field, rest);
  }

  /** A loser names its rival and what that wants, so another winner moves it as much as another outcome does. */
  #moved(own: string, fields: readonly (string | undefined)[], change: () => void): readonly string[] {
    const touched = new Set(fields.filter((field) => field !== undefined));
    const others = [...touched].flatMap((field) => this.#of(field)).filter(({ key }) => key !== own);
    const before = new Map(others.map(({ key }) => [key, this.rivalOf(key)]));
    change();
    return others.map(({ key }) => key).filter((key) => this.rivalOf(key) !== before.get(key));
  }
}

function byAge(one: Claim, other: Claim): number {
  const [first, second] = one.createdAt === other.createdAt ? [one.uid, other.uid] : [one.createdAt, other.createdAt];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

function same(one: Claim, other: Claim): boolean {
  return (
    one.uid === other.uid && one.createdAt === other.createdAt && one.field === other.field && one.value === other.value
  );
}
