/** Waivers in words: how far one reaches, until when, and what it is now. */
import { Label } from '@patternfly/react-core';
import { Link } from 'react-router';
import type { Waiver } from '../api/model.ts';
import { manifestPath, repositoryPath } from '../display/addresses.ts';
import { shortDigest } from '../display/digest.tsx';
import { formatDay } from '../display/format-time.ts';

/** In which images it holds, with a way there. `registryName`: what a registry is called, where that is known. */
export function WaiverReach({
  scope,
  registryName,
}: {
  readonly scope: Waiver['scope'];
  readonly registryName: (id: string) => string | undefined;
}) {
  switch (scope.kind) {
    case 'namespace':
      return <>Every image of the namespace</>;
    case 'registry':
      return (
        <>
          Every image of <Link to={`/registries/${scope.registryId}`}>{nameOr(registryName(scope.registryId))}</Link>
        </>
      );
    case 'repository':
      return (
        <>
          Repository <Link to={repositoryPath(scope.registryId, scope.repository)}>{scope.repository}</Link> of{' '}
          {nameOr(registryName(scope.registryId))}
        </>
      );
    case 'image':
      return (
        <>
          Image{' '}
          <Link to={manifestPath(scope.digest)}>
            <code>{shortDigest(scope.digest)}</code>
          </Link>
        </>
      );
    default:
      return scope satisfies never;
  }
}

function nameOr(name: string | undefined): string {
  return name ?? 'a registry';
}

/** `until 31 Dec 2026`, `until it is ended`. Days are those of UTC. */
export function untilText(expiresOn: string | null): string {
  return expiresOn === null ? 'until it is ended' : `until the end of ${formatDay(expiresOn)}, UTC`;
}

const STATES = {
  active: ['Active', 'success'],
  expired: ['Expired', 'warning'],
  ended: ['Ended', undefined],
} as const;

/** What it is now. */
export function WaiverState({ state }: Pick<Waiver, 'state'>) {
  const [text, status] = STATES[state];
  return (
    <Label variant="outline" isCompact {...(status === undefined ? {} : { status })}>
      {text}
    </Label>
  );
}
