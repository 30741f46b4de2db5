import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseHeader, TAG } from './parse-header.ts';
import { issuerOf, signingKeyOf } from './signing-key.ts';
import { makeHeader } from './testdata/make-database.ts';

const KEY_ID = 'd36cb86cb86b3716';
const FINGERPRINT = `bf18ac2876178908d6e71267${KEY_ID}`;
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A version 4 signature in the old packet format, with these hashed and unhashed subpackets. */
function signature(hashed: Buffer, unhashed: Buffer): Buffer {
  const body = Buffer.concat([hex('04000108'), length(hashed), hashed, length(unhashed), unhashed, hex('abcd')]);
  return Buffer.concat([hex('89'), length(body), body]);
}
const length = (bytes: Buffer) => Buffer.from([bytes.length >> 8, bytes.length & 255]);

const CREATED = hex('05 02 63000000');
const cases = [
  {
    packet: signature(CREATED, hex(`09 10 ${KEY_ID}`)),
    id: KEY_ID,
    why: 'issuer among the unhashed subpackets, as gpg writes',
  },
  {
    packet: signature(Buffer.concat([CREATED, hex(`16 21 04 ${FINGERPRINT}`)]), hex('')),
    id: KEY_ID,
    why: 'only a fingerprint',
  },
  { packet: hex(`88 13 03 05 00 63000000 ${KEY_ID} 11 02 abcd 00`), id: KEY_ID, why: 'version 3, as rpm 4.4 signed' },
  {
    packet: Buffer.concat([hex('c2 15'), signature(hex(''), hex(`09 10 ${KEY_ID}`)).subarray(3)]),
    id: KEY_ID,
    why: 'new packet format',
  },
  { packet: signature(CREATED, hex('')), id: undefined, why: 'no issuer' },
  { packet: hex('99 0003 040000'), id: undefined, why: 'a key, not a signature' },
  { packet: hex(''), id: undefined, why: 'nothing' },
];

test.each(cases)('the issuer of a signature is $id: $why', ({ packet, id }) => {
  expect(issuerOf(packet)).toBe(id);
});

test('an armoured signature of rpm 6 counts, an unreadable one is unknown, none is none', () => {
  const good = cases[0]?.packet.toString('base64') ?? '';
  const keyOf = (...entries: Parameters<typeof makeHeader>[0]) => signingKeyOf(parseHeader(makeHeader(entries)));
  expect(keyOf([TAG.OPENPGP, { strings: [good] }])).toBe(KEY_ID);
  expect(keyOf([TAG.RSAHEADER, { bytes: hex('00') }])).toBe('unknown');
  expect(keyOf([TAG.NAME, { string: 'unsigned' }])).toBeUndefined();
});

test('no bytes make it throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), bytes => void issuerOf(Buffer.from(bytes))));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => void issuerOf(Buffer.concat([hex('893004'), bytes]))),
  );
});
