/**
 * Tokens of the registry: short-lived, signed by us, read by us alone. They say who asks and what was granted; whether that still holds is
 * looked up again at every use, so that a role or key that ends takes its tokens with it.
 *
 * Source: distribution, docs/spec/auth/jwt.md; RFC 7519; RFC 7515, HS256.
 */
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { ServerContext } from '#store/context.ts';
import { toJson } from '#store/database.ts';
import { findSetting } from '#store/setting.ts';
import { REPOSITORY_ACTIONS } from './caller.ts';
import type { Scope } from './scope.ts';

/** How long a token is good for, in seconds. Clients ask for another by themselves; below 60 some give up. */
export const TOKEN_SECONDS = 300;

/** Who a token is of. */
export type TokenSubject =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'account'; readonly accountId: string; readonly apiKeyId?: string | undefined }
  | { readonly kind: 'project'; readonly keyId: string };

/** What a token says. */
export interface TokenClaims {
  readonly subject: TokenSubject;
  readonly access: readonly Scope[];
}

/** What a refresh token says: with it a client gets other tokens, as long as what it logged in with holds. */
export interface RefreshClaims {
  readonly subject: TokenSubject;
  /** Of the password that was shown, if any: with another one the token ends. */
  readonly passwordMark: string | undefined;
}

/** Signs and reads tokens. */
export interface TokenSigner {
  /** `service`: the registry that it is for. */
  sign(claims: TokenClaims, options: { readonly service: string; readonly at: Date }): string;
  /** What a token says; `undefined` when it is forged, has expired, or is none of ours. */
  verify(token: string, options: { readonly at: Date }): TokenClaims | undefined;
  /** A refresh token, which opens nothing by itself. */
  signRefresh(claims: RefreshClaims, options: { readonly at: Date }): string;
  /** What a refresh token says, likewise. */
  verifyRefresh(token: string, options: { readonly at: Date }): RefreshClaims | undefined;
  /** Says nothing of `secret`, and changes with it. */
  mark(secret: string): string;
}

const SETTING = 'hosting.token-key';
const PURPOSE = 'hosting/token-key';
const MAX_TOKEN_LENGTH = 32 * 1024;
const ISSUER = 'plimsoll';
/** Of the clocks of several servers. */
const LEEWAY_SECONDS = 10;

const DAY_SECONDS = 86_400;
/** How long a log-in by refresh token lasts. */
const REFRESH_SECONDS = 90 * DAY_SECONDS;

const subjectSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('anonymous') }),
  z.object({ kind: z.literal('account'), accountId: z.string(), apiKeyId: z.string().optional() }),
  z.object({ kind: z.literal('project'), keyId: z.string() }),
]);

const refreshSchema = z.object({
  iss: z.literal(ISSUER),
  exp: z.number(),
  nbf: z.number(),
  who: subjectSchema,
  mark: z.string().optional(),
});

const claimsSchema = z.object({
  iss: z.literal(ISSUER),
  exp: z.number(),
  nbf: z.number(),
  access: z.array(
    z.object({
      type: z.enum(['repository', 'registry']),
      name: z.string(),
      actions: z.array(z.enum(REPOSITORY_ACTIONS)),
    }),
  ),
  who: subjectSchema,
});

/** A signer with the key of this database, which the first start makes. All servers of a database have the same. */
export async function openTokenSigner({
  store,
  sealer,
}: Pick<ServerContext, 'store' | 'sealer'>): Promise<TokenSigner> {
  const { db } = store;
  if ((await findSetting(db, SETTING)) === undefined) {
    const made = Buffer.from(sealer.seal(randomBytes(32).toString('base64'), PURPOSE)).toString('base64');
    // Of several servers that start at once, one is first.
    await db
      .insertInto('setting')
      .values({ name: SETTING, value: toJson(made) })
      .onConflict(conflict => conflict.doNothing())
      .execute();
  }
  const sealed = await findSetting(db, SETTING);
  if (typeof sealed !== 'string') throw unusable();
  const key = Buffer.from(sealer.open(Buffer.from(sealed, 'base64'), PURPOSE), 'base64');
  if (key.length !== 32) throw unusable();
  return createTokenSigner(key);
}

/** A signer with a key of 32 bytes. */
export function createTokenSigner(key: Uint8Array): TokenSigner {
  // Two kinds, each with a header of its own, so that none is taken for the other.
  const accessHeader = encode({ typ: 'JWT', alg: 'HS256', kid: 'plimsoll-1' });
  const refreshHeader = encode({ typ: 'JWT', alg: 'HS256', kid: 'plimsoll-refresh-1' });
  const signatureOf = (text: string) => createHmac('sha256', key).update(text).digest();
  const signed = (header: string, payload: object) => {
    const text = `${header}.${encode(payload)}`;
    return `${text}.${signatureOf(text).toString('base64url')}`;
  };
  const times = (at: Date, seconds: number) => {
    const now = Math.floor(at.getTime() / 1000);
    return { jti: randomUUID(), iat: now, nbf: now, exp: now + seconds };
  };
  const read = <T extends { exp: number; nbf: number }>(
    token: string,
    wanted: string,
    schema: z.ZodType<T>,
    at: Date,
  ) => {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    const [head = '', payload = '', signature = '', ...rest] = token.split('.');
    // Our own header and no other: no choice of algorithm, no choice of key.
    if (head !== wanted || rest.length > 0) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const right = signatureOf(`${head}.${payload}`);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const claims = schema.safeParse(decode(payload));
    if (!claims.success) return undefined;
    const now = at.getTime() / 1000;
    return claims.data.exp <= now || claims.data.nbf > now + LEEWAY_SECONDS ? undefined : claims.data;
  };
  return {
    sign({ subject, access }, { service, at }) {
      return signed(accessHeader, {
        iss: ISSUER,
        aud: service,
        sub: subject.kind === 'account' ? subject.accountId : subject.kind,
        ...times(at, TOKEN_SECONDS),
        access,
        who: subject,
      });
    },
    verify(token, { at }) {
      const claims = read(token, accessHeader, claimsSchema, at);
      return claims === undefined ? undefined : { subject: claims.who, access: claims.access };
    },
    signRefresh({ subject, passwordMark: mark }, { at }) {
      return signed(refreshHeader, { iss: ISSUER, ...times(at, REFRESH_SECONDS), who: subject, mark });
    },
    verifyRefresh(token, { at }) {
      const claims = read(token, refreshHeader, refreshSchema, at);
      return claims === undefined ? undefined : { subject: claims.who, passwordMark: claims.mark };
    },
    mark: secret => signatureOf(`mark ${secret}`).toString('base64url').slice(0, 22),
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function unusable(): PlimsollError {
  return new PlimsollError('CONFIGURATION_INVALID', `Cannot use the setting ${SETTING}: it is not a key of ours`);
}
