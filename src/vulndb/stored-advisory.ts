/**
 * An advisory in a database: an `Advisory` whose parts are read when they are asked for. Judging a package asks for none of them, a finding
 * for some.
 */
import type { Advisory, AdvisoryKind } from '#advisory/advisory.ts';
import type { Body } from './body-code.ts';

/** What an advisory's own row says. */
export interface Head extends Pick<Advisory, 'id' | 'kind' | 'aliases' | 'upstream' | 'ratings'> {
  readonly modified: string | undefined;
  readonly withdrawn: string | undefined;
  readonly block: number;
  readonly line: number;
}

/** Where the parts are read from. */
export interface AdvisoryParts {
  head(number: number): Head;
  body(head: Head): Body;
  affected(number: number, body: Body): Advisory['affected'];
}

/** What is known of an advisory before its row is read. */
export interface AdvisoryHint {
  readonly kind: AdvisoryKind;
  readonly isWithdrawn: boolean;
}

/**
 * The advisory of that number. Every field is a getter of its class, so it cannot be copied by spreading; `toJSON` gives all of it.
 * Reading a field throws `DATABASE_INVALID` when the database is damaged.
 */
export function storedAdvisory(number: number, source: string, parts: AdvisoryParts, hint?: AdvisoryHint): Advisory {
  // A getter that may give `undefined` does for an optional field; the type system has no word for that.
  return new StoredAdvisory(number, source, parts, hint) as unknown as Advisory;
}

class StoredAdvisory {
  readonly source: string;
  readonly #number: number;
  readonly #parts: AdvisoryParts;
  readonly #hint: AdvisoryHint | undefined;
  #readHead: Head | undefined;

  constructor(number: number, source: string, parts: AdvisoryParts, hint: AdvisoryHint | undefined) {
    this.#number = number;
    this.source = source;
    this.#parts = parts;
    this.#hint = hint;
  }

  get #head(): Head {
    this.#readHead ??= this.#parts.head(this.#number);
    return this.#readHead;
  }

  /** Not kept: texts are long, and the block they are in is kept for a while. */
  get #body(): Body {
    return this.#parts.body(this.#head);
  }

  get id(): string {
    return this.#head.id;
  }

  get kind(): AdvisoryKind {
    return this.#hint?.kind ?? this.#head.kind;
  }

  get aliases(): readonly string[] {
    return this.#head.aliases;
  }

  get upstream(): readonly string[] {
    return this.#head.upstream;
  }

  get ratings(): Advisory['ratings'] {
    return this.#head.ratings;
  }

  get modified(): string | undefined {
    return this.#head.modified;
  }

  get withdrawn(): string | undefined {
    return this.#hint?.isWithdrawn === false ? undefined : this.#head.withdrawn;
  }

  get title(): string | undefined {
    return this.#body.title;
  }

  get details(): string | undefined {
    return this.#body.details;
  }

  get published(): string | undefined {
    return this.#body.published;
  }

  get references(): Advisory['references'] {
    return this.#body.references;
  }

  get cwes(): readonly string[] {
    return this.#body.cwes;
  }

  get affected(): Advisory['affected'] {
    return this.#parts.affected(this.#number, this.#body);
  }

  /** All of it as a plain object, equal to the advisory that was stored. */
  toJSON(): Advisory {
    const { id, kind, aliases, upstream, ratings, modified, withdrawn } = this.#head;
    const { title, details, published, references, cwes } = this.#body;
    return {
      id,
      source: this.source,
      kind,
      aliases,
      upstream,
      ...(title === undefined ? {} : { title }),
      ...(details === undefined ? {} : { details }),
      ...(published === undefined ? {} : { published }),
      ...(modified === undefined ? {} : { modified }),
      ...(withdrawn === undefined ? {} : { withdrawn }),
      ratings,
      references,
      cwes,
      affected: this.affected,
    };
  }
}
