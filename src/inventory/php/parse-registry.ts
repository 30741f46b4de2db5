/**
 * A record of PEAR's registry: `php/.registry/NAME.reg`, for other channels in `.channel.CHANNEL/`.
 *
 * Source: PEAR's `PEAR_Registry`: the package file as a serialised array. Package files of version 1 name themselves `package` and
 * have a plain `version`; those of version 2 have `name` and `version.release`.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import { type PhpValue, parseSerialized } from './parse-serialized.ts';

/** One package of PEAR or PECL. */
export interface PearRow {
  readonly name: string;
  readonly version: string;
  /** Host name of the channel. */
  readonly channel: string;
  readonly licenses: readonly unknown[];
}

/** Reads the record. @throws {PlimsollError} `FILE_INVALID` when it is none, `LIMIT_EXCEEDED`. */
export function parseRegistry(bytes: Buffer): PearRow {
  const record = parseSerialized(bytes);
  const version = field(record, 'version');
  const row = {
    name: declaredText(field(record, 'name')) ?? declaredText(field(record, 'package')),
    version: declaredText(field(version, 'release')) ?? declaredText(version),
    channel: declaredText(field(record, 'channel')) ?? 'pear.php.net',
  };
  if (row.name === undefined || row.version === undefined) {
    throw new PlimsollError('FILE_INVALID', 'The record of PEAR has no name or no version');
  }
  const license = field(record, 'license');
  return { ...row, name: row.name, version: row.version, licenses: [field(license, '_content') ?? license] };
}

function field(value: PhpValue | undefined, key: string): PhpValue | undefined {
  return value instanceof Map ? value.get(key) : undefined;
}
