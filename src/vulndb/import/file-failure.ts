/** What a system call or a reader of archives has against a file of a feed, in our words. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** The error for `path`; what is told already stays as it is, but for what speaks of layers and files in images. */
export function fileFailure(error: unknown, path: string): unknown {
  const cannot = `Cannot read "${printable(path)}"`;
  if (error instanceof PlimsollError) {
    const isElsewhere = error.code === 'LAYER_INVALID' || error.code === 'FILE_INVALID';
    if (isElsewhere || (error.code === 'LIMIT_EXCEEDED' && !error.message.startsWith('Cannot'))) {
      const code = isElsewhere ? 'ADVISORY_INVALID' : 'LIMIT_EXCEEDED';
      const why = error.message.replace(/^The layer/, 'it').replace(/^It is/, 'it is');
      return new PlimsollError(code, why.startsWith('Cannot') ? why : `${cannot}: ${why}`, { cause: error });
    }
    if (error.message.startsWith('Cannot inflate bzip2: ')) {
      const why = error.message.replace('Cannot inflate bzip2: ', 'its bzip2 is damaged: ');
      return new PlimsollError(error.code, `${cannot}: ${why}`, { cause: error });
    }
    return error;
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new PlimsollError('FILE_UNKNOWN', `${cannot}: no such file or folder`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new PlimsollError('FILE_DENIED', `${cannot}: permission denied`, { cause: error });
  }
  if (code === 'EISDIR') return new PlimsollError('ADVISORY_INVALID', `${cannot}: it is a folder`, { cause: error });
  return error;
}
