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
  /** A dry run: it is told who has the field, and keeps it from nobody. */
  readonly asks?: true;
}

/**
 * Who may have a field that several intents want. The oldest claim wins (creationTimestamp, then uid); who wants the same value
 * as the winner shares it, everybody younger has lost to the winner. The outcome depends on the claims that are there and on nothing
 * else: not on the order in which they came, so it is the same after a restart.
 */
export class Contests {
  readonly #claims = new Map<string, Claim>();
  /** By field: the claims, the oldest first. */
  readonly #fields = new Map<string, Claim[]>();

  /** Takes in what an intent wants now, in place of what it wanted before. Returns the keys of the others whose outcome moved. */
  set(claim: Claim): readonly string[] {
    const before = this.#claims.get(claim.key);
    if (before !== undefined && same(before, claim)) return [];
    return this.#moved(claim.key, [before?.field, claim.field], () => {
      this.#take(before);
      this.#put(claim);
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
    return claim === undefined ? undefined : lostTo(claim, this.#winnerOf(claim.field));
  }

  #winnerOf(field: string): Claim | undefined {
    return this.#of(field).find(({ asks }) => asks !== true);
  }

  #of(field: string): readonly Claim[] {
    return this.#fields.get(field) ?? [];
  }

  #put(claim: Claim): void {
    this.#claims.set(claim.key, claim);
    const claims = this.#fields.get(claim.field);
    if (claims === undefined) this.#fields.set(claim.field, [claim]);
    else claims.splice(placeOf(claim, claims), 0, claim);
  }

  #take(claim: Claim | undefined): void {
    if (claim === undefined) return;
    this.#claims.delete(claim.key);
    const claims = this.#fields.get(claim.field) ?? [];
    claims.splice(claims.indexOf(claim, placeOf(claim, claims)), 1);
    if (claims.length === 0) this.#fields.delete(claim.field);
  }

  /**
   * A loser names its rival and what that wants, so another winner moves it as much as another outcome does. Where the winner
   * stays nobody is looked at: thousands of intents on one field must not cost the square of their number.
   */
  #moved(own: string, fields: readonly (string | undefined)[], change: () => void): readonly string[] {
    const touched = [...new Set(fields.filter((field) => field !== undefined))];
    const winners = touched.map((field) => this.#winnerOf(field));
    change();
    return touched.flatMap((field, at) => {
      const [before, after] = [winners[at], this.#winnerOf(field)];
      if (before === after) return [];
      const others = this.#of(field).filter(({ key }) => key !== own);
      return others.filter((each) => lostTo(each, before) !== lostTo(each, after)).map(({ key }) => key);
    });
  }
}

function lostTo(claim: Claim, winner: Claim | undefined): Claim | undefined {
  // Only a dry run can be older: it would win if it were none.
  return winner === undefined || winner.value === claim.value || byAge(claim, winner) < 0 ? undefined : winner;
}

/** Where a claim stands, or would, among claims that are in order. */
function placeOf(claim: Claim, claims: readonly Claim[]): number {
  let [from, to] = [0, claims.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = claims[middle];
    if (other !== undefined && byAge(other, claim) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

function byAge(one: Claim, other: Claim): number {
  const [first, second] = one.createdAt === other.createdAt ? [one.uid, other.uid] : [one.createdAt, other.createdAt];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

function same(one: Claim, other: Claim): boolean {
  return (
    one.uid === other.uid &&
    one.createdAt === other.createdAt &&
    one.field === other.field &&
    one.value === other.value &&
    one.asks === other.asks
  );
}
