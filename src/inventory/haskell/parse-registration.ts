/**
 * A registration in GHC's package database: `package.conf.d/NAME-VERSION-HASH.conf`.
 *
 * Source: GHC user's guide, "InstalledPackageInfo". Header lines, values may begin on the line after the name.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import { parseHeaderBlock } from '../header-block.ts';

/** One registered package. */
export interface RegistrationRow {
  readonly name: string;
  readonly version: string;
  readonly license?: string | undefined;
}

/** Reads the registration. @throws {PlimsollError} `FILE_INVALID` without name or version. */
export function parseRegistration(text: string): RegistrationRow {
  const headers = parseHeaderBlock(text, { endsAtBlank: false });
  const name = declaredText(headers.get('package-name')?.[0]) ?? declaredText(headers.get('name')?.[0]);
  const version = declaredText(headers.get('version')?.[0]);
  if (name === undefined || version === undefined) {
    throw new PlimsollError('FILE_INVALID', 'The registration of GHC has no name or no version');
  }
  return { name, version, license: headers.get('license')?.[0] };
}
