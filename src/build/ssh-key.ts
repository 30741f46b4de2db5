/**
 * Private keys for Git over SSH, as people paste them: checked before anything is kept, so that a wrong one is told at once.
 *
 * Sources: RFC 7468 (PEM), OpenSSH PROTOCOL.key (its own format), RFC 4253 section 6.6 and RFC 5656 (public keys). Messages tell what
 * was found and how to mend it, and never repeat a byte of the key.
 */
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';

/** A private key that ssh can use. */
export interface SshKey {
  /** The text to hand to ssh: line ends and blanks around it put right. A secret. */
  readonly privateKey: string;
  /** `rsa`, `ed25519`, `ecdsa`. */
  readonly kind: string;
  /** `SHA256:…` of the public half, as ssh-keygen shows it. */
  readonly fingerprint: string;
  /** The public half as one line of authorized_keys, for the Git host. */
  readonly publicKey: string;
}

/** No key of anybody is larger: RSA with 16384 bits takes 13 kB. */
const MAX_CHARACTERS = 32 * 1024;
const MIN_RSA_BITS = 2048;
const MAKE_ONE = 'make one with: ssh-keygen -t ed25519 -N ""';
const MAGIC = 'openssh-key-v1\0';

/** Checks the text of a private key. @throws {PlimsollError} `SSH_KEY_INVALID`, with a sentence for each kind of mistake. */
export function checkSshKey(text: string): SshKey {
  if (text.length > MAX_CHARACTERS) throw wrong(`it has over ${MAX_CHARACTERS} characters`);
  const normal = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .trim();
  if (normal === '') throw wrong('there is no text');
  refuseOtherThings(normal);
  const lines = normal.split('\n').map(line => line.trim());
  const label = /^-----BEGIN ([A-Z0-9 ]+)-----$/.exec(lines[0] ?? '')?.[1];
  if (label === undefined) {
    const hasBegin = normal.includes('-----BEGIN');
    throw wrong(
      hasBegin
        ? 'the line "-----BEGIN …-----" must be the first, and stand alone: keep the line breaks of the file'
        : 'the line "-----BEGIN … PRIVATE KEY-----" is missing: paste the whole file, its first and last line too',
    );
  }
  if (lines.at(-1) !== `-----END ${label}-----`) {
    throw wrong(`the line "-----END ${label}-----" is missing at the end: the key was cut off, or more follows it`);
  }
  const body = lines.slice(1, -1);
  switch (label) {
    case 'OPENSSH PRIVATE KEY':
      return fromOpenssh(decode(body), `${lines.join('\n')}\n`);
    case 'RSA PRIVATE KEY':
    case 'EC PRIVATE KEY':
    case 'PRIVATE KEY':
      return fromPem(body, lines);
    case 'ENCRYPTED PRIVATE KEY':
      throw encrypted();
    case 'DSA PRIVATE KEY':
      throw wrong(`DSA keys are refused by all current servers; ${MAKE_ONE}`);
    default:
      throw wrong(
        `"BEGIN ${label}" is no private key for SSH: RSA, EC or OPENSSH PRIVATE KEY and PRIVATE KEY are; ${MAKE_ONE}`,
      );
  }
}

function refuseOtherThings(text: string): void {
  if (/^(?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+ +AAAA/.test(text) || /^-----BEGIN (?:[A-Z]+ )?PUBLIC KEY-----/.test(text)) {
    throw wrong(
      'this is the public half: it belongs to the Git host; paste the private one, from the file without ".pub"',
    );
  }
  if (text.startsWith('---- BEGIN SSH2 PUBLIC KEY')) {
    throw wrong('this is a public key in SSH2 format: paste the private one, in PEM or OpenSSH format');
  }
  if (text.startsWith('PuTTY-User-Key-File')) {
    throw wrong(
      'this is a key of PuTTY: open it in PuTTYgen and use "Conversions, Export OpenSSH key", or: puttygen key.ppk -O private-openssh -o key',
    );
  }
  if (text.startsWith('-----BEGIN CERTIFICATE')) throw wrong('this is a certificate, not a private key');
  if (text.startsWith('-----BEGIN PGP')) throw wrong(`this is a key of PGP, which SSH does not use; ${MAKE_ONE}`);
}

function fromPem(body: readonly string[], lines: readonly string[]): SshKey {
  const isEncrypted = body.some(line => /^(?:Proc-Type:.*ENCRYPTED|DEK-Info:)/.test(line));
  if (isEncrypted) throw encrypted();
  decode(body);
  const privateKey = `${lines.join('\n')}\n`;
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: privateKey, format: 'pem' });
  } catch {
    // The cause would tell about the bytes of the key, and what it says helps nobody.
    throw damaged();
  }
  return { privateKey, ...describe(publicBlob(key)) };
}

/** PROTOCOL.key: magic, cipher, KDF, KDF options, number of keys, public keys, private section. */
function fromOpenssh(bytes: Buffer, privateKey: string): SshKey {
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) throw damaged();
  const reader = new WireReader(bytes.subarray(MAGIC.length));
  const cipher = reader.string().toString('latin1');
  reader.string();
  reader.string();
  if (cipher !== 'none') throw encrypted();
  if (reader.number() !== 1) throw wrong('there are several keys in it: paste one');
  const blob = reader.string();
  const secret = new WireReader(reader.string());
  // The same random number twice: what shows that decryption worked also shows that nothing is shifted.
  const check = secret.number();
  if (secret.number() !== check) throw damaged();
  return { privateKey, ...describe(blob) };
}

function describe(blob: Buffer): Omit<SshKey, 'privateKey'> {
  const reader = new WireReader(blob);
  const name = reader.string().toString('latin1');
  if (!/^[a-z0-9@.-]{1,64}$/.test(name)) throw damaged();
  if (name === 'ssh-dss') throw wrong(`DSA keys are refused by all current servers; ${MAKE_ONE}`);
  if (name.startsWith('sk-')) throw wrong('it needs the security key that it was made with, which is not here');
  if (name === 'ssh-rsa') {
    reader.string();
    const bits = BigInt(`0x0${reader.string().toString('hex')}`).toString(2).length;
    if (bits < MIN_RSA_BITS) {
      throw wrong(`it is an RSA key of ${bits} bits, and servers want ${MIN_RSA_BITS} or more; ${MAKE_ONE}`);
    }
  }
  const kind = name === 'ssh-rsa' ? 'rsa' : name.startsWith('ecdsa-') ? 'ecdsa' : name.replace(/^ssh-/, '');
  return { kind, fingerprint: fingerprintOf(blob), publicKey: `${name} ${blob.toString('base64')}` };
}

/** `SHA256:…` of a public key in its wire format, base64 without padding. Source: RFC 4716 as OpenSSH 6.8 and later do it. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

const CURVES: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' };

function publicBlob(key: KeyObject): Buffer {
  if (!['rsa', 'ec', 'ed25519'].includes(key.asymmetricKeyType ?? '')) {
    throw wrong(`a key of kind "${key.asymmetricKeyType ?? 'unknown'}" is of no use for SSH; ${MAKE_ONE}`);
  }
  const jwk = key.export({ format: 'jwk' });
  const part = (value: unknown) => Buffer.from(typeof value === 'string' ? value : '', 'base64url');
  if (jwk.kty === 'RSA') return wire('ssh-rsa', positive(part(jwk.e)), positive(part(jwk.n)));
  if (jwk.kty === 'OKP') {
    throw wrong('ssh reads Ed25519 keys in its own format only; convert it, or make one with: ssh-keygen -t ed25519');
  }
  const curve = CURVES[jwk.crv ?? ''];
  if (curve === undefined) throw wrong(`its curve is none that SSH uses; ${MAKE_ONE}`);
  return wire(`ecdsa-sha2-${curve}`, curve, Buffer.concat([Buffer.from([4]), part(jwk.x), part(jwk.y)]));
}

function decode(body: readonly string[]): Buffer {
  const base64 = body.join('');
  if (base64 === '') throw wrong('there is nothing between its first and last line');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw wrong('there are characters in it that are not base64: paste the file as it is');
  }
  if (base64.length % 4 !== 0) throw damaged();
  return Buffer.from(base64, 'base64');
}

function wire(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap(part => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** A number of RFC 4251: a leading zero byte where the first bit would say that it is negative. */
function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

class WireReader {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  number(): number {
    if (this.#rest.length < 4) throw damaged();
    const value = this.#rest.readUInt32BE(0);
    this.#rest = this.#rest.subarray(4);
    return value;
  }

  string(): Buffer {
    const length = this.number();
    if (this.#rest.length < length) throw damaged();
    const value = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return value;
  }
}

function encrypted(): PlimsollError {
  return wrong(
    'it is protected by a passphrase, and nobody is there to type it; take it off a copy with: ssh-keygen -p -N "" -f COPY',
  );
}

function damaged(): PlimsollError {
  return wrong('it is cut off or damaged: paste the whole file again, every line of it');
}

function wrong(why: string): PlimsollError {
  return new PlimsollError('SSH_KEY_INVALID', `Cannot use the private key: ${why}`);
}
