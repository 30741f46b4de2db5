/**
 * Which key signed a package, out of the OpenPGP signatures in its header. Nothing is verified here: the payload is long gone.
 *
 * Source: RFC 9580, sections 4.2 (packets) and 5.2 (signatures).
 */
import { type Header, TAG } from './parse-header.ts';

const SIGNATURE_PACKET = 2;
const ISSUER_KEY_ID = 16;
const ISSUER_FINGERPRINT = 33;

/**
 * The key id of a package's signature, 16 hex digits in lower case as `rpm -q --qf '%{RSAHEADER:pgpsig}'` prints it; `unknown` when
 * there is a signature that cannot be read, `undefined` when there is none. Signatures of the header alone come first.
 */
export function signingKeyOf(header: Header): string | undefined {
  const signatures = [TAG.RSAHEADER, TAG.DSAHEADER, TAG.SIGPGP, TAG.SIGGPG].flatMap(tag => header.bytes(tag) ?? []);
  const armoured = header.strings(TAG.OPENPGP)?.slice(0, 8) ?? [];
  for (const text of armoured) signatures.push(Buffer.from(text.toString('latin1'), 'base64'));
  if (signatures.length === 0) return undefined;
  for (const signature of signatures) {
    const keyId = issuerOf(signature);
    if (keyId !== undefined) return keyId;
  }
  return 'unknown';
}

/** The issuer of a binary OpenPGP signature packet; `undefined` when it is none or names nobody. */
export function issuerOf(packet: Buffer): string | undefined {
  const body = bodyOf(packet);
  if (body === undefined) return undefined;
  const version = body[0];
  if (version === 3 && body.length >= 15) return body.toString('hex', 7, 15);
  if (version !== 4 && version !== 5 && version !== 6) return undefined;
  // Version, type and two algorithms, then the hashed and the unhashed subpackets, each behind their length.
  const lengthBytes = version === 6 ? 4 : 2;
  const hashed = blockAt(body, 4, lengthBytes);
  const unhashed = hashed && blockAt(body, hashed.end, lengthBytes);
  return issuerIn(hashed?.bytes) ?? issuerIn(unhashed?.bytes);
}

/** The content of a signature packet in the old or the new packet format. */
function bodyOf(packet: Buffer): Buffer | undefined {
  const first = packet[0] ?? 0;
  if ((first & 0x80) === 0) return undefined;
  if ((first & 0x40) !== 0) {
    const length = subpacketLength(packet, 1);
    return (first & 0x3f) === SIGNATURE_PACKET && length
      ? packet.subarray(length.next, length.next + length.value)
      : undefined;
  }
  if (((first >> 2) & 0x0f) !== SIGNATURE_PACKET) return undefined;
  const width = [1, 2, 4, 0][first & 3] ?? 0;
  if (packet.length < 1 + width) return undefined;
  const length = width === 0 ? packet.length : packet.readUIntBE(1, width);
  return packet.subarray(1 + width, 1 + width + length);
}

function blockAt(body: Buffer, at: number, lengthBytes: number): { bytes: Buffer; end: number } | undefined {
  if (at + lengthBytes > body.length) return undefined;
  const start = at + lengthBytes;
  const end = start + body.readUIntBE(at, lengthBytes);
  return end > body.length ? undefined : { bytes: body.subarray(start, end), end };
}

function issuerIn(subpackets: Buffer | undefined): string | undefined {
  if (subpackets === undefined) return undefined;
  for (let at = 0; at < subpackets.length; ) {
    const length = subpacketLength(subpackets, at);
    if (length === undefined || length.value === 0) return undefined;
    const subpacket = subpackets.subarray(length.next, length.next + length.value);
    const kind = (subpacket[0] ?? 0) & 0x7f;
    if (kind === ISSUER_KEY_ID && subpacket.length === 9) return subpacket.toString('hex', 1, 9);
    if (kind === ISSUER_FINGERPRINT && subpacket.length >= 22) {
      // The key id is the end of a version 4 fingerprint and the beginning of later ones.
      return subpacket[1] === 4 ? subpacket.toString('hex', 14, 22) : subpacket.toString('hex', 2, 10);
    }
    at = length.next + length.value;
  }
  return undefined;
}

/** The one-, two- or five-byte length of new packets and of subpackets. */
function subpacketLength(bytes: Buffer, at: number): { value: number; next: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 192) return { value: first, next: at + 1 };
  if (first < 255) {
    const second = bytes[at + 1];
    return second === undefined ? undefined : { value: (first - 192) * 256 + second + 192, next: at + 2 };
  }
  return at + 5 > bytes.length ? undefined : { value: bytes.readUInt32BE(at + 1), next: at + 5 };
}
