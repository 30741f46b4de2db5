/** Projects and their images for people at a terminal. Nothing that a server says is printed raw. */
import picocolors from 'picocolors';
import { printable } from '#base/text.ts';
import { type GridColumn, layOut } from '#report/grid.ts';
import { labelLines } from '../label-lines.ts';
import type { Checklist, Project, ProjectImage } from './project-answer.ts';
import { distributionWord } from './settings-options.ts';

/** How it is shown. */
export interface TableOptions {
  readonly hasColors: boolean;
  readonly width: number;
}

/** A project and its checklist, ending in a line feed. */
export function renderProject(
  project: Project,
  checklist: Checklist,
  { hasColors }: Pick<TableOptions, 'hasColors'>,
): string {
  const colors = picocolors.createColors(hasColors);
  const { name, pid, id, status, certificationStatus, pushTo, pullSecret, registry, repository } = project;
  const lines = [
    `${colors.bold(printable(name))}  ${printable(pid)}`,
    ...labelLines([
      ['Id', id],
      ['Status', status === 'active' ? certificationStatus : `${certificationStatus}, ${status}`],
      ['Type', [project.containerType, project.osContentType ?? ''].filter(one => one !== '').join(', ')],
      ['Distribution', distributionWord(project.distributionMethod)],
      ['Catalogued at', [registry, repository].filter(one => one !== null).join('/')],
      ['Push to', pushTo === null ? null : `${pushTo}/NAME:TAG`],
      ['Pull secret', pullSecret === null ? null : `${pullSecret.entry}${accountText(pullSecret.account)}`],
      ['May run as root', project.isPrivileged ? 'yes' : null],
      ['Publishes', project.autoPublish ? 'what nothing stands against' : 'when asked for'],
    ]),
    ...checklist.map(({ state, message }) => {
      const word = (state === 'open' ? 'OPEN' : printable(state)).padEnd(12);
      const painted = state === 'open' ? colors.red(word) : state === 'done' ? colors.green(word) : word;
      return `  ${painted}${printable(message, 1000)}`;
    }),
  ];
  return `${lines.join('\n')}\n`.toWellFormed();
}

function accountText(account: string | null): string {
  return account === null ? '' : `, account "${account}"`;
}

/** Projects in a table, ending in a line feed. */
export function renderProjects(projects: readonly Project[], options: TableOptions): string {
  const columns: readonly GridColumn<Project>[] = [
    { title: 'NAME', cell: ({ name }) => printable(name), minimum: 12 },
    { title: 'PID', cell: ({ pid }) => printable(pid) },
    { title: 'STATUS', cell: ({ status, certificationStatus: one }) => printable(status === 'active' ? one : status) },
    { title: 'DISTRIBUTION', cell: ({ distributionMethod }) => printable(distributionWord(distributionMethod)) },
    { title: 'PLACE', cell: placeOf, minimum: 12 },
  ];
  return renderTable(columns, projects, options);
}

function placeOf({ pushTo, registry, repository }: Project): string {
  return printable(pushTo ?? [registry, repository].filter(one => one !== null).join('/'), 1000);
}

/** Images in a table, ending in a line feed. */
export function renderImages(images: readonly ProjectImage[], options: TableOptions): string {
  const columns: readonly GridColumn<ProjectImage>[] = [
    { title: 'REPOSITORY', cell: ({ repository }) => printable(repository ?? '', 1000), minimum: 12, cut: 'middle' },
    { title: 'TAGS', cell: ({ tags }) => printable(tags.map(({ name }) => name).join(', '), 1000), minimum: 8 },
    { title: 'ARCHITECTURE', cell: ({ architecture }) => printable(architecture) },
    { title: 'CHECKS', cell: verdictOf },
    { title: 'GRADE', cell: ({ grade }) => printable(grade ?? 'unknown') },
    { title: 'PUBLISHED', cell: ({ publishedAt }) => printable(publishedAt?.slice(0, 10) ?? 'no') },
    { title: 'DIGEST', cell: ({ digest }) => printable(digest), minimum: 19 },
    { title: 'IMAGE', cell: ({ id }) => printable(id) },
  ];
  return renderTable(columns, images, options);
}

/** What the checks found, or how far they are. */
function verdictOf({ scan, isVerifiedCertified: isVerified, isCertified }: ProjectImage): string {
  if (isVerified !== null) return isVerified ? 'passed' : isCertified ? 'passed over' : 'NOT passed';
  return scan.state === 'completed' ? 'not judged' : printable(`scan ${scan.state}`);
}

function renderTable<T>(columns: readonly GridColumn<T>[], rows: readonly T[], options: TableOptions): string {
  const { head, lines } = layOut(columns, rows, options.width);
  return `${[picocolors.createColors(options.hasColors).bold(head), ...lines].join('\n')}\n`.toWellFormed();
}
