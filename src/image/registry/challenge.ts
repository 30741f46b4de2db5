/**
 * What a registry asks for when it answers 401: the `WWW-Authenticate` header, taken apart.
 *
 * Source: RFC 9110, 11.2 to 11.6.1. One header may hold several challenges, and several headers one each; both separate by commas,
 * as do the parameters inside a challenge, and a quoted value may contain commas itself. So it is read character by character.
 */

/** One challenge: the scheme in lower case, its parameters under lower-case names. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Longer headers are cut: real ones stay under 1 kB, and the transport bounds all headers together anyway. */
const MAX_LENGTH = 16 * 1024;
const MAX_CHALLENGES = 20;

/** Letters of a token: RFC 9110, 5.6.2. */
const TOKEN = /[A-Za-z0-9!#$%&'*+.^_`|~-]/;
/** Letters of a bare word after a scheme, without its padding: RFC 9110, 11.2. */
const TOKEN_68 = /[A-Za-z0-9._~+/-]/;

/** The challenges of a header in the order given. Never throws: what cannot be read is left out. */
export function parseChallenges(header: string): readonly Challenge[] {
  const reader = new Reader(header.slice(0, MAX_LENGTH));
  const challenges: Challenge[] = [];
  let parameters: Record<string, string> | undefined;
  while (!reader.isAtEnd && challenges.length < MAX_CHALLENGES) {
    reader.skip(' \t,');
    const word = reader.token();
    if (word === '') {
      reader.advance();
      continue;
    }
    const before = reader.position;
    reader.skip(' \t');
    if (reader.peek() === '=' && parameters !== undefined) {
      reader.advance();
      reader.skip(' \t');
      // A name given twice keeps its first value: a later one must not override what was read.
      const name = word.toLowerCase();
      const value = reader.value();
      if (!Object.hasOwn(parameters, name)) parameters[name] = value;
      continue;
    }
    reader.position = before;
    parameters = Object.create(null) as Record<string, string>;
    challenges.push({ scheme: word.toLowerCase(), parameters });
    reader.token68();
  }
  return challenges;
}

class Reader {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.position >= this.#text.length;
  }

  peek(): string {
    return this.#text[this.position] ?? '';
  }

  advance(): void {
    this.position += 1;
  }

  skip(characters: string): void {
    while (!this.isAtEnd && characters.includes(this.peek())) this.advance();
  }

  token(): string {
    const start = this.position;
    while (!this.isAtEnd && TOKEN.test(this.peek())) this.advance();
    return this.#text.slice(start, this.position);
  }

  /** Steps over the bare word that Negotiate and NTLM put in the place of parameters, so that it is not taken for a scheme. */
  token68(): void {
    const start = this.position;
    this.skip(' \t');
    const word = this.position;
    while (!this.isAtEnd && TOKEN_68.test(this.peek())) this.advance();
    const hasWord = this.position > word;
    this.skip('=');
    this.skip(' \t');
    // `name=value` goes on after the equals sign; the bare word is followed by a comma or nothing.
    if (!hasWord || !(this.isAtEnd || this.peek() === ',')) this.position = start;
  }

  value(): string {
    if (this.peek() !== '"') {
      const start = this.position;
      // Some registries leave the quotes out although the value holds slashes and colons.
      while (!this.isAtEnd && !' \t,'.includes(this.peek())) this.advance();
      return this.#text.slice(start, this.position);
    }
    this.advance();
    let value = '';
    while (!this.isAtEnd && this.peek() !== '"') {
      if (this.peek() === '\\') this.advance();
      value += this.peek();
      this.advance();
    }
    this.advance();
    return value;
  }
}
