/**
 * docs/errors.md, made of the table of errors. Run as a script it writes the page: `node src/base/errors-page.ts`.
 */
import { writeFileSync } from 'node:fs';
import { ERRORS, type ErrorCode, EXIT_STATUS, type Family } from './errors.ts';

/** What a family means to whoever meets it, in the order of the exit statuses. */
const FAMILIES: Readonly<Record<Family, { readonly title: string; readonly meaning: string; readonly retry: string }>> =
  {
    input: {
      title: 'Input',
      meaning: 'What Plimsoll was given cannot be used as it is.',
      retry: 'Trying again does not help.',
    },
    access: {
      title: 'Access',
      meaning: 'Not signed in, or not allowed.',
      retry: 'Trying again with the same credentials does not help.',
    },
    missing: {
      title: 'Missing',
      meaning: 'There is no such thing, or none you may see.',
      retry: 'Trying again does not help until it is there.',
    },
    conflict: {
      title: 'Conflict',
      meaning: 'Something was changed by somebody else in the meantime.',
      retry: 'Read it again, then try again.',
    },
    limit: { title: 'Limit', meaning: 'Too large, too many, or stopped.', retry: 'Try later, or with a higher limit.' },
    remote: {
      title: 'Remote',
      meaning: 'Another system failed, did not answer, or answered something wrong.',
      retry: 'Trying later may help.',
    },
    bug: {
      title: 'Bug',
      meaning: 'Plimsoll itself failed.',
      retry: 'Please report it, with the output of `--verbose`.',
    },
  };

/** The page: one section per family that has codes, its codes in the order of the table. */
export function errorsPage(): string {
  const sections = (Object.keys(FAMILIES) as Family[]).flatMap(family => {
    const codes = (Object.keys(ERRORS) as ErrorCode[]).filter(code => ERRORS[code].family === family);
    return codes.length === 0 ? [] : [section(family, codes)];
  });
  return `<!-- Written by src/base/errors-page.ts from the table in src/base/errors.ts. Change that, then run the script. -->

# Errors

Every error has a code, which stays the same from release to release: branch on it, never on the message. The command line ends with
the exit status of the code's family; 0 means that all is well, 1 that the policy asked for was not met. The HTTP API answers with the
status beside the code.

${sections.join('\n')}`;
}

function section(family: Family, codes: readonly ErrorCode[]): string {
  const { title, meaning, retry } = FAMILIES[family];
  const rows = codes.map(code => [`\`${code}\``, String(ERRORS[code].status), ERRORS[code].meaning]);
  return `## ${title}: exit status ${EXIT_STATUS[family]}

${meaning} ${retry}

${table(['code', 'HTTP', 'meaning'], rows)}
`;
}

/** A Markdown table with cells padded to the width of their column, as the formatter wants it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map(row => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [head, widths.map(width => '-'.repeat(width)), ...rows].map(line).join('\n');
}

if (import.meta.main) writeFileSync(new URL('../../docs/errors.md', import.meta.url), errorsPage());
