import { quote } from '../quote.ts';
import { type ReadCode, Unreadable } from './fault.ts';

const BLANK = /[ \t\n\r]*/y;
const PLAIN_STRING = /"([^"\\\u0000-\u001f]*)"/y; // oxlint-disable-line no-control-regex -- JSON forbids these in strings
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const WORD = /[A-Za-z0-9_$.+-]+/y;
const HEX4 = /[0-9a-fA-F]{4}/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Reads the tokens of a JSON text (RFC 8259) from left to right. Every method throws `Unreadable` at the first fault. */
export class JsonCursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  skipBlank(): void {
    BLANK.lastIndex = this.at;
    BLANK.test(this.text);
    this.at = BLANK.lastIndex;
  }

  /** The next character, or '' at the end. */
  peek(): string {
    return this.text[this.at] ?? '';
  }

  /** Steps over the character if it is next. */
  take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  /** The literal of the number that begins here, or undefined where none does. */
  number(): string | undefined {
    return this.match(NUMBER);
  }

  /** The word (`true`, `NaN`, `undefined`, `01`, …) that begins here: a literal, or something to complain about. */
  word(): string | undefined {
    return this.match(WORD);
  }

  /** The string that begins with the quote here. */
  string(): string {
    const plain = this.match(PLAIN_STRING);
    if (plain !== undefined) return plain.slice(1, -1);
    const start = this.at;
    const parts: string[] = [];
    this.at += 1;
    for (let run = this.at; ; run = this.at) {
      while (isOrdinary(this.text.charCodeAt(this.at))) this.at += 1;
      parts.push(this.text.slice(run, this.at));
      if (this.take('"')) return this.wellFormed(parts.join(''), start);
      if (this.take('\\')) parts.push(this.escape());
      else this.fail('a string is not closed', start, this.text.length === this.at ? start + 1 : this.at);
    }
  }

  /** Throws the complaint that something else was expected at the place where the cursor stands. */
  expected(what: string): never {
    const start = this.at;
    const word = this.word();
    const end = word === undefined ? start + 1 : this.at;
    const found = start >= this.text.length ? 'the end of the text' : tokenName(word ?? characterAt(this.text, start));
    this.fail(`expected ${what}, found ${found}`, start, end);
  }

  fail(message: string, start: number, end: number, code: ReadCode = 'invalid-json'): never {
    throw new Unreadable({ code, message: `invalid JSON: ${message}`, pointer: '', start, end });
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.at = pattern.lastIndex;
    return found[0];
  }

  private escape(): string {
    const start = this.at - 1;
    const letter = this.peek();
    this.at += 1;
    const simple = ESCAPES[letter];
    if (simple !== undefined) return simple;
    const digits = letter === 'u' ? this.match(HEX4) : undefined;
    if (digits === undefined) return this.fail('unknown escape in a string', start, this.at);
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private wellFormed(text: string, start: number): string {
    // The API server would store U+FFFD in its place, which is not what the author wrote.
    if (!text.isWellFormed()) this.fail('a string holds half of a surrogate pair', start, this.at);
    return text;
  }
}

function isOrdinary(unit: number): boolean {
  return unit >= 0x20 && unit !== 0x22 && unit !== 0x5c;
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

function tokenName(found: string): string {
  return found === '"' ? 'a string' : quote(found);
}
