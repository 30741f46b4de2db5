/**
 * Reading what a JSON Web Token says of itself. It is not checked: it is ours, and only its end interests us. RFC 7519.
 */
import { z } from 'zod';

const MAX_LENGTH = 64 * 1024;
const claims = z.object({
  exp: z.number().positive().optional().catch(undefined),
  sub: z.string().max(512).optional().catch(undefined),
});

/** When a token ends, in milliseconds since 1970; `undefined` when it does not say, or is no JWT. Never throws. */
export function jwtExpiresAtMs(token: string): number | undefined {
  const { exp } = readClaims(token);
  return exp === undefined ? undefined : exp * 1000;
}

/** Whose token it is; `undefined` when it does not say, or is no JWT. Never throws. */
export function jwtSubject(token: string): string | undefined {
  return readClaims(token).sub;
}

function readClaims(token: string): z.infer<typeof claims> {
  const [, body, signature] = token.length > MAX_LENGTH ? [] : token.split('.');
  if (body === undefined || signature === undefined) return {};
  try {
    return claims.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  } catch {
    return {};
  }
}
