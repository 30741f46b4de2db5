/**
 * What is wrong with a field of a request, in our words: those of the schema library are made for who writes schemas.
 */

/** One issue of a schema, as Fastify passes it on. */
export interface SchemaIssue {
  /** The library's code, `too_small` for one. */
  readonly keyword: string;
  readonly message?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** How the library's own messages begin; what a schema says itself is kept. */
const OF_THE_LIBRARY = /^(?:Invalid (?:input|option|UUID|ISO)|Too (?:small|big)|Unrecognized key)/;

const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'is no UUID',
  datetime: 'is no time, such as 2026-01-31T12:00:00Z',
  date: 'is no date, such as 2026-01-31',
};

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Says what is wrong, so that it can follow the name of the field: `is missing`. `undefined` where the message of the schema has to do. */
export function tellIssue({ keyword, message = '', params = {} }: SchemaIssue): string | undefined {
  if (!OF_THE_LIBRARY.test(message)) return undefined;
  // The input itself is not passed on.
  if (message.endsWith('received undefined')) return 'is missing';
  switch (keyword) {
    case 'invalid_type': {
      const kind = KINDS[String(params['expected'])];
      return kind === undefined ? undefined : `must be ${kind}`;
    }
    case 'invalid_value':
      return Array.isArray(params['values']) ? `must be one of ${params['values'].map(String).join(', ')}` : undefined;
    case 'invalid_format':
      return FORMATS[String(params['format'])];
    case 'unrecognized_keys':
      return Array.isArray(params['keys'])
        ? `has no field ${params['keys'].map(key => `"${String(key)}"`).join(', ')}`
        : undefined;
    case 'too_small':
      return params['minimum'] === 1 && params['origin'] !== 'number'
        ? 'is empty'
        : tellSize(params['origin'], 'at least', params['minimum']);
    case 'too_big':
      return tellSize(params['origin'], 'at most', params['maximum']);
    default:
      return undefined;
  }
}

function tellSize(origin: unknown, bound: 'at least' | 'at most', size: unknown): string | undefined {
  switch (origin) {
    case 'string':
      return `must have ${bound} ${String(size)} characters`;
    case 'array':
      return `must have ${bound} ${String(size)} entries`;
    case 'number':
    case 'int':
      return `must be ${bound} ${String(size)}`;
    default:
      return undefined;
  }
}
