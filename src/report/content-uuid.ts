/** Identifiers of documents that depend on nothing but their content, so that the same report has the same name again. */
import { hash } from 'node:crypto';

/**
 * A UUID made of `parts`, for example `1b4e28ba-2fa1-8d3b-a3f5-ef19b5a7633b`.
 *
 * Source: RFC 9562, version 8, with SHA-256 as its appendix B.2 shows. The parts are hashed as a JSON list, so their borders count.
 */
export function uuidOfContent(parts: readonly string[]): string {
  const bytes = hash('sha256', JSON.stringify(parts), 'buffer').subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
