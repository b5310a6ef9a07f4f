import { sleep } from '../../platform/clock.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import type { PolicyInput } from '../../policy/input.ts';
import { claimIn } from '../../policy/usage-rules.ts';
import { Book } from './book.ts';
import type { BooksOptions, PolicyBooks } from './books-types.ts';

/** How long the end waits for what is under way. */
const FINISH_MS = 2_000;

type Full = { readonly policy: string; readonly until: Date };

/**
 * The books of all policies. A change under several policies is reserved in all of them at once, and goes ahead when all have
 * it; when one has no room after all, the places in the others stay taken until the change asks again or they are an hour
 * old, since nobody can know any more who was refused because of them.
 */
export function createBooks(options: BooksOptions): PolicyBooks {
  const { policies, clock, log, metrics } = options;
  const books = new Map<string, Book>();
  const bookOf = (name: string): Book => {
    const known = books.get(name);
    if (known !== undefined) return known;
    const book = new Book(name, options);
    books.set(name, book);
    return book;
  };
  return {
    usage: (asked) =>
      new Map(
        asked
          .filter(({ spec }) => spec.rate !== undefined || spec.storm !== undefined)
          .map(({ name }) => [name, bookOf(name).usage()]),
      ),
    async reserve(asked, input, signal) {
      const limited = asked.filter(({ spec }) => spec.rate !== undefined);
      if (limited.length === 0) return undefined;
      const started = clock.monotonic();
      const told = (result: 'granted' | 'refused' | 'failed'): void =>
        metrics.reservation(result, (clock.monotonic() - started) / 1000);
      try {
        const full = await reserveInAll(limited, input, signal, bookOf);
        told(full === undefined ? 'granted' : 'refused');
        return full;
      } catch (error) {
        told('failed');
        throw error;
      }
    },
    failed(asked, id) {
      for (const { name, spec } of asked) {
        if (spec.storm !== undefined) bookOf(name).failed(spec.storm, id);
      }
    },
    begin() {
      for (const { metadata } of policies.list()) bookOf(metadata.name).look();
    },
    policyChanged(name) {
      if (policies.get(name) !== undefined) return bookOf(name).look();
      books.get(name)?.gone();
      books.delete(name);
    },
    async stop() {
      const all = [...books.values()];
      const finished = Promise.all(all.map((book) => book.finish()));
      await Promise.race([finished, sleep(clock, FINISH_MS)]);
      for (const book of all) book.abandon();
      await finished.catch((error: unknown) => log.error({ error }, 'the books did not end well'));
    },
  };
}

async function reserveInAll(
  policies: readonly CompiledPolicy[],
  input: PolicyInput,
  signal: AbortSignal,
  bookOf: (name: string) => Book,
): Promise<Full | undefined> {
  signal.throwIfAborted();
  const claim = claimIn(input);
  // Asked of all before a place is taken in any: most refusals take nothing from the others.
  const full = latest(policies.map((policy) => fullOf(policy, bookOf(policy.name).fullUntil(policy, claim))));
  if (full !== undefined) return full;
  const reserved = await Promise.allSettled(
    policies.map(async (policy) => fullOf(policy, await bookOf(policy.name).reserve(policy, claim, signal))),
  );
  const broken = reserved.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  return latest(reserved.map((result) => (result.status === 'fulfilled' ? result.value : undefined)));
}

const fullOf = ({ name }: CompiledPolicy, until: Date | undefined): Full | undefined =>
  until === undefined ? undefined : { policy: name, until };

function latest(all: readonly (Full | undefined)[]): Full | undefined {
  const full = all.filter((one) => one !== undefined);
  return full.toSorted((one, other) => one.until.getTime() - other.until.getTime()).at(-1);
}
