/** How a project is built, and what was found in its source, for people at a terminal. */
import picocolors from 'picocolors';
import { printable } from '#base/text.ts';
import { fingerprintOf } from '#build/ssh-key.ts';
import type { FoundProject } from '../find-project.ts';
import { labelLines } from '../label-lines.ts';
import type { BuildConfiguration, SourceReport } from './build-answer.ts';

/** The configuration, ending in a line feed. */
export function renderConfiguration(
  { name, pid, pushTo }: FoundProject,
  configuration: BuildConfiguration,
  { hasColors }: { readonly hasColors: boolean },
): string {
  const colors = picocolors.createColors(hasColors);
  const { source, dockerfile, context, argumentNames, pullHosts, platforms, isEnabled } = configuration;
  const { autoRebuild, autoPublish, rebuildDelaySeconds: seconds } = configuration;
  const fetched = [
    ...(source.wantsSubmodules ? ['with submodules'] : []),
    ...(source.wantsLfs ? ['with files in LFS'] : []),
    ...(source.hasOwnCertificates ? ['by certificates of its own'] : []),
  ];
  const lines = [
    `${colors.bold(printable(name))}  ${printable(pid)}`,
    ...labelLines([
      ['Builds', isEnabled ? 'switched on' : 'switched OFF'],
      ['Source', [source.url, source.ref === '' ? 'its own branch' : source.ref, ...fetched].join(', ')],
      ['Log-in', loginTexts(configuration)],
      ['Host keys', hostKeyTexts(configuration)],
      ['Dockerfile', `${dockerfile}${context === '.' ? '' : ` in ${context}`}`],
      ['Image', `${pushTo === null ? pid : pushTo}/${configuration.imageName}`],
      ['Platforms', platforms.length === 0 ? 'the one of the builder' : platforms.join(', ')],
      ['Arguments', argumentNames.join(', ')],
      ['Log-ins for base images', pullHosts.join(', ')],
      ['Rebuilds', autoRebuild ? `by itself, ${seconds} seconds after the first cause` : 'when asked for'],
      ['Publishes', autoPublish ? 'what passes its checks' : 'when asked for'],
    ]),
  ];
  return `${lines.join('\n')}\n`.toWellFormed();
}

function loginTexts({ login }: BuildConfiguration): readonly string[] {
  const { kind, username, keyKind, fingerprint, publicKey, savedAt } = login;
  const saved = savedAt === null ? '' : `, saved ${savedAt}`;
  switch (kind) {
    case 'none':
      return ['none'];
    case 'token':
      return [`token${username === null ? '' : ` of "${username}"`}${saved}`];
    case 'ssh-key':
      return [`key ${keyKind ?? ''} ${fingerprint ?? ''}${saved}`, ...(publicKey === null ? [] : [publicKey])];
    default:
      return kind satisfies never;
  }
}

/** Of an SSH source alone. */
function hostKeyTexts({ source, hostKeys }: BuildConfiguration): readonly string[] {
  if (source.url.startsWith('https:')) return [];
  if (hostKeys.length === 0) return ['the first one shown is pinned'];
  return hostKeys.map(line => {
    const [host = '', kind = '', key = ''] = line.split(' ');
    return `${fingerprintOf(Buffer.from(key, 'base64'))} (${kind}) of ${host}`;
  });
}

/** What a look at a source found, ending in a line feed. */
export function renderSource(report: SourceReport, { hasColors }: { readonly hasColors: boolean }): string {
  const colors = picocolors.createColors(hasColors);
  const { commit, ref, hasDockerfile, froms, stages, hostKeyFingerprints, warnings } = report;
  const lines = [
    hasDockerfile ? colors.green('The source can be built') : colors.red('The source can NOT be built'),
    ...labelLines([
      ['Commit', `${commit}${ref === '' ? '' : `, ${ref}`}`],
      ['Dockerfile', hasDockerfile ? 'found' : 'NOT found'],
      ['From', froms.map((from, at) => `${from}${/^\d+$/.test(stages[at] ?? '0') ? '' : ` as ${stages[at]}`}`)],
      ['Host key', hostKeyFingerprints],
      ['Note', warnings],
    ]),
  ];
  return `${lines.join('\n')}\n`.toWellFormed();
}
