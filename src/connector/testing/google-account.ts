/**
 * A service account of a test, and Google's token service that knows it: checks signature, audience and times of what it is shown.
 */
import { createVerify, generateKeyPairSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../test/fixtures/registry-server.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const other = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const account = {
  type: 'service_account',
  project_id: 'acme-project',
  private_key_id: 'key-1',
  client_email: 'plimsoll@acme-project.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
};

/** The key file, and one whose key Google does not know. */
export const KEY_FILE = JSON.stringify({ ...account, private_key: privateKey });
export const WRONG_KEY_FILE = JSON.stringify({ ...account, private_key: other.privateKey });
export const PRIVATE_KEY = privateKey;

/** Tokens that are good, as Google's token service gives them out. */
export class GoogleTokens {
  readonly #tokens = new Set<string>();
  /** Assertions shown so far: their claims. */
  readonly claims: Record<string, unknown>[] = [];
  expiresIn = 3599;

  /** No token so far is good any longer. */
  end(): void {
    this.#tokens.clear();
  }

  isGood(authorization: string | undefined): boolean {
    return this.#tokens.has(authorization?.replace('Bearer ', '') ?? '');
  }

  /** `POST /token` at oauth2.googleapis.com. */
  grant({ body }: SeenRequest, response: ServerResponse): boolean {
    const form = new URLSearchParams(body);
    const [header = '', claims = '', signature = ''] = form.get('assertion')?.split('.') ?? [];
    const isSigned = createVerify('RSA-SHA256')
      .update(`${header}.${claims}`)
      .verify(publicKey, Buffer.from(signature, 'base64url'));
    if (!isSigned) {
      sendJson(response, 400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' });
      return true;
    }
    this.claims.push(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')));
    const access_token = `ya29.token-${this.claims.length}`;
    this.#tokens.add(access_token);
    sendJson(response, 200, { access_token, expires_in: this.expiresIn, token_type: 'Bearer' });
    return true;
  }
}
