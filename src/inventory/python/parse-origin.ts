/**
 * Where a distribution came from: the small files beside `METADATA`.
 *
 * Source: the Python packaging specifications "Recording installed projects" (`INSTALLER`) and "Direct URL data structure"
 * (`direct_url.json`, PEP 610). What came from a URL may have a version that the index never saw.
 */
import { withoutSecrets } from '#base/text.ts';
import { declaredText } from '../declared.ts';
import { bodyText, type FileBody } from '../file-body.ts';
import { asRecord, parseJsonFile } from '../json-file.ts';

/** As properties of the package; missing where the file or field is. */
export interface Origin {
  /** The tool that installed it: `pip`, `uv`, `conda`, `rpm`. */
  readonly installer?: string | undefined;
  /** Without credentials and query. */
  readonly 'direct-url'?: string | undefined;
  /** The commit, for installs from version control. */
  readonly 'vcs-commit'?: string | undefined;
  /** `true` when the code is elsewhere, under development. */
  readonly editable?: string | undefined;
}

const MAX_BYTES = 64 * 1024;

/** Reads what is there. @throws {PlimsollError} `FILE_INVALID` or `LIMIT_EXCEEDED` when `direct_url.json` cannot be read. */
export function parseOrigin(files: {
  readonly installer?: FileBody | undefined;
  readonly directUrl?: FileBody | undefined;
}): Origin {
  const installer = files.installer && declaredText(bodyText(files.installer, MAX_BYTES));
  const direct = asRecord(files.directUrl && parseJsonFile(files.directUrl, MAX_BYTES));
  const url = declaredText(direct['url']);
  return {
    installer,
    'direct-url': url === undefined ? undefined : withoutSecrets(url),
    'vcs-commit': declaredText(asRecord(direct['vcs_info'])['commit_id']),
    editable: asRecord(direct['dir_info'])['editable'] === true ? 'true' : undefined,
  };
}
