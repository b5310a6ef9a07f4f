import { Composer, CST, type Document, Lexer, Parser } from 'yaml';
import { quote } from '../quote.ts';
import { type Fault, type Faults, faultList, tooDeep, tooLarge, tooLate, Unreadable } from './fault.ts';
import { MAX_DEPTH, MAX_FAULTS, MAX_YAML_TOKENS } from './limits.ts';

/** A document as the library composed it, and what is wrong with it so far. */
export interface Composed {
  readonly document: Document.Parsed;
  readonly faults: Faults;
}

/** What we refuse already as a token: it would change the meaning of text elsewhere, or of the reader itself. */
const REFUSED: Readonly<Record<string, string>> = {
  alias: 'aliases are not supported: write the value out',
  anchor: 'anchors are not supported: write the value out',
  tag: 'tags are not supported: quote a value to make it text',
  'directive-line': 'directives are not supported',
};
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const MAX_WORDS = 200;
const TOKENS_PER_LOOK = 1024;
// The stack of the parser holds the document, the open collections and at most a scalar or a key.
const MAX_STACK = MAX_DEPTH + 2;

/**
 * Cuts a YAML text into documents. The library parses with a stack of its own but composes by recursion, so depth is
 * watched token by token, before anything is composed. Throws `Unreadable` where reading cannot go on.
 */
export function* composeAll(text: string, expired: () => boolean): Generator<Composed, void> {
  const parser = new Parser();
  const composer = new Composer({
    version: '1.2',
    schema: 'failsafe',
    merge: false,
    resolveKnownTags: false,
    // The library compares each key with each other; ours is a map (see yaml.ts).
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  let faults = faultList();
  let pending: Faults | undefined;
  for (const token of tokensOf(text, parser, (fault) => faults.add(fault), expired)) {
    const opens = token.type === 'document';
    for (const document of composer.next(token)) yield { document, faults: pending ?? faultList() };
    if (opens) {
      pending = faults;
      faults = faultList();
    }
  }
  for (const document of composer.end()) yield { document, faults: pending ?? faults };
  const stray = composer.streamInfo().errors[0];
  if (stray !== undefined) throw new Unreadable(libraryFault(stray.message, stray.pos));
}

function* tokensOf(
  text: string,
  parser: Parser,
  refuse: (fault: Fault) => void,
  expired: () => boolean,
): Generator<CST.Token, void> {
  let count = 0;
  let complaints = 0;
  let inScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    if (count % TOKENS_PER_LOOK === 0 && expired()) throw tooLate();
    const type: CST.TokenType | null = inScalar ? null : CST.tokenType(lexeme);
    inScalar = type === 'scalar';
    const why = type === null ? undefined : REFUSED[type];
    if (why !== undefined) refuse(refusal(why, parser.offset, lexeme));
    for (const token of parser.next(lexeme)) {
      if (token.type === 'document') count = 0;
      if (token.type === 'error') complaints += 1;
      // The text is no YAML at all, and each complaint costs as much as a hundred tokens.
      if (token.type === 'error' && complaints > MAX_FAULTS)
        throw new Unreadable(libraryFault(token.message, [token.offset, token.offset + 1]));
      yield token;
    }
    if (count > MAX_YAML_TOKENS)
      throw tooLarge(`a YAML document of more than ${MAX_YAML_TOKENS} tokens`, parser.offset);
    if (parser.stack.length > MAX_STACK) throw tooDeep('YAML', Math.min(parser.offset, text.length));
  }
  yield* parser.end();
}

function refusal(why: string, start: number, lexeme: string): Fault {
  const message = `invalid YAML: ${why}, found ${quote(lexeme)}`;
  return { code: 'unsupported-yaml', message, pointer: '', start, end: start + lexeme.length };
}

/** A complaint of the library as a fault of ours. It may quote the text as it is, and all of it. */
export function libraryFault(message: string, position: readonly [number, number]): Fault {
  const words = message.charAt(0).toLowerCase() + message.slice(1, MAX_WORDS);
  const safe = words.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return { code: 'invalid-yaml', message: `invalid YAML: ${safe}`, pointer: '', start: position[0], end: position[1] };
}
