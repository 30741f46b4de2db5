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

/** Signs and reads tokens. */
export interface TokenSigner {
  /** `service`: the registry that it is for. */
  sign(claims: TokenClaims, options: { readonly service: string; readonly at: Date }): string;
  /** What a token says; `undefined` when it is forged, has expired, or is none of ours. */
  verify(token: string, options: { readonly at: Date }): TokenClaims | undefined;
}

const SETTING = 'hosting.token-key';
const PURPOSE = 'hosting/token-key';
const MAX_TOKEN_LENGTH = 32 * 1024;
const ISSUER = 'plimsoll';
/** Of the clocks of several servers. */
const LEEWAY_SECONDS = 10;

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
  who: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('anonymous') }),
    z.object({ kind: z.literal('account'), accountId: z.string(), apiKeyId: z.string().optional() }),
    z.object({ kind: z.literal('project'), keyId: z.string() }),
  ]),
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
  const header = encode({ typ: 'JWT', alg: 'HS256', kid: 'plimsoll-1' });
  const signatureOf = (text: string) => createHmac('sha256', key).update(text).digest();
  return {
    sign({ subject, access }, { service, at }) {
      const now = Math.floor(at.getTime() / 1000);
      const payload = encode({
        iss: ISSUER,
        aud: service,
        sub: subject.kind === 'account' ? subject.accountId : subject.kind,
        jti: randomUUID(),
        iat: now,
        nbf: now,
        exp: now + TOKEN_SECONDS,
        access,
        who: subject,
      });
      const text = `${header}.${payload}`;
      return `${text}.${signatureOf(text).toString('base64url')}`;
    },
    verify(token, { at }) {
      if (token.length > MAX_TOKEN_LENGTH) return undefined;
      const [head = '', payload = '', signature = '', ...rest] = token.split('.');
      // Our own header and no other: no choice of algorithm, no choice of key.
      if (head !== header || rest.length > 0) return undefined;
      const given = Buffer.from(signature, 'base64url');
      const wanted = signatureOf(`${head}.${payload}`);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
      const claims = claimsSchema.safeParse(decode(payload));
      if (!claims.success) return undefined;
      const now = at.getTime() / 1000;
      if (claims.data.exp <= now || claims.data.nbf > now + LEEWAY_SECONDS) return undefined;
      return { subject: claims.data.who, access: claims.data.access };
    },
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
