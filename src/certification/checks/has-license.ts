/** HasLicense: the terms under which the software may be used are in the image. */
import { countOf } from '#base/count-of.ts';
import { type Check, type CheckFact, firstFacts } from '../check.ts';

export const hasLicense: Check = {
  name: 'HasLicense',
  level: 'best',
  description: 'The folder /licenses holds at least one file that is not empty',
  why: 'Who runs the image must be able to read under which terms, even without a connection to anywhere',
  fix: 'Add the texts of your licence and terms: COPY LICENSE /licenses/',
  judge({ files: { licenses, unread, gaps } }) {
    const [gap] = [...unread, ...gaps];
    switch (licenses.kind) {
      case 'missing':
      case 'not-a-folder': {
        // What could not be read may hold it.
        if (gap !== undefined) return { outcome: 'error', summary: `Not everything was seen: ${gap}`, found: [] };
        const summary =
          licenses.kind === 'missing' ? 'There is no folder /licenses' : '/licenses is there, and is no folder';
        return {
          outcome: 'failed',
          summary,
          found: [
            { kind: 'file', subject: '/licenses', detail: licenses.kind === 'missing' ? 'missing' : 'no folder' },
          ],
        };
      }
      case 'elsewhere':
        return {
          outcome: 'error',
          summary: `/licenses is a link to /${licenses.path}, and nothing is known of the files there`,
          found: [{ kind: 'file', subject: '/licenses', detail: `link to /${licenses.path}` }],
          fix: 'Make /licenses a folder of its own, or a link to one below /usr/share/licenses',
          differsFromPreflight:
            'Preflight looks into the folder wherever it is; Plimsoll keeps the names of files in folders called for licences',
        };
      case 'folder': {
        const facts: CheckFact[] = licenses.files.map(({ path, sizeBytes, isEmpty }) => ({
          kind: 'file',
          subject: `/${path}`,
          detail: isEmpty ? 'empty' : sizeBytes === undefined ? 'link to a file' : `${sizeBytes} bytes`,
        }));
        if (licenses.fileCount === 0)
          return { outcome: 'failed', summary: 'The folder /licenses holds no file', found: [] };
        if (licenses.filledCount === 0) {
          return {
            outcome: 'failed',
            summary: `${countOf(licenses.fileCount, 'file')} in /licenses, all of them empty`,
            found: firstFacts(facts),
          };
        }
        return {
          outcome: 'passed',
          summary: `${countOf(licenses.fileCount, 'file')} in /licenses`,
          found: firstFacts(facts),
        };
      }
      default:
        return licenses satisfies never;
    }
  },
};
