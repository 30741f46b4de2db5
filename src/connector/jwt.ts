/**
 * Reading what a JSON Web Token says of itself. It is not checked: it is ours, and only its end interests us. RFC 7519.
 */
import { z } from 'zod';

const MAX_LENGTH = 64 * 1024;
const claims = z.object({ exp: z.number().positive() });

/** When a token ends, in milliseconds since 1970; `undefined` when it does not say, or is no JWT. Never throws. */
export function jwtExpiresAtMs(token: string): number | undefined {
  const [, body, signature] = token.length > MAX_LENGTH ? [] : token.split('.');
  if (body === undefined || signature === undefined) return undefined;
  try {
    return claims.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))).exp * 1000;
  } catch {
    return undefined;
  }
}
