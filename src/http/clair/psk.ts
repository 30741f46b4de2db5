/**
 * Who asks by Clair's API: whoever signs with the key that was agreed on beforehand.
 *
 * Source: Clair's "psk" authentication, and what Quay sends: HS256, `iss` and `exp` and no other claim.
 */
import { jwtVerify } from 'jose';

/** Names by which Quay, Clair's own command, and parts of Clair sign. */
const ISSUERS = ['quay', 'clairctl', 'clair-intraservice'];
/** How far clocks may be apart. */
const LEEWAY_SECONDS = 15;

/** Whether `header` (`Bearer …`) has a token that `key` signed and that holds now. */
export async function isSigned(
  header: string | undefined,
  { key, now }: { readonly key: Uint8Array; readonly now: Date },
): Promise<boolean> {
  const [, token] = /^bearer +(\S+) *$/i.exec(header ?? '') ?? [];
  if (token === undefined) return false;
  try {
    await jwtVerify(token, key, {
      algorithms: ['HS256'],
      issuer: ISSUERS,
      requiredClaims: ['exp'],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: now,
    });
    return true;
  } catch {
    return false;
  }
}
