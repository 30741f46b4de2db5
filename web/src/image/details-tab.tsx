/** What a manifest says of itself, and where it is. All of it comes from whoever built the image. */
import { DescriptionList } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Manifest } from '../api/model.ts';
import { manifestPath, repositoryPath } from '../display/addresses.ts';
import { CopyButton } from '../display/copy.tsx';
import { Fact } from '../display/fact.tsx';
import { formatBytes } from '../display/format-number.ts';
import { platformText } from '../display/platform.ts';
import { Time } from '../display/time.tsx';
import { placesQuery } from './image-queries.ts';

const MAX_LABELS = 200;

export function DetailsTab({ manifest }: { readonly manifest: Manifest }) {
  const places = useQuery(placesQuery(manifest.digest));
  const { labels, user, cmd, entrypoint } = readConfig(manifest.config);
  return (
    <DescriptionList
      orientation={{ sm: 'vertical', md: 'horizontal' }}
      isCompact
      horizontalTermWidthModifier={{ default: '12rem' }}
    >
      <Fact term="Digest">
        <code className="plimsoll-name">{manifest.digest}</code> <CopyButton text={manifest.digest} what="digest" />
      </Fact>
      <Fact term="Media type">{manifest.mediaType}</Fact>
      {manifest.artifactType !== null && <Fact term="Type of artifact">{manifest.artifactType}</Fact>}
      {manifest.kind === 'image' && <Fact term="Platform">{platformText(manifest.platform)}</Fact>}
      {manifest.sizeBytes !== null && <Fact term="Size of all layers">{formatBytes(manifest.sizeBytes)}</Fact>}
      <Fact term="Built">
        <Time at={manifest.builtAt} missing="Not told" />
      </Fact>
      <Fact term="First seen">
        <Time at={manifest.firstSeenAt} />
      </Fact>
      {user !== undefined && <Fact term="User">{user === '' ? 'root (none is set)' : user}</Fact>}
      {entrypoint !== undefined && (
        <Fact term="Entry point">
          <code className="plimsoll-wrap">{entrypoint}</code>
        </Fact>
      )}
      {cmd !== undefined && (
        <Fact term="Command">
          <code className="plimsoll-wrap">{cmd}</code>
        </Fact>
      )}
      {(places.data?.length ?? 0) > 0 && (
        <Fact term="Where it is">
          <ul className="plimsoll-list">
            {places.data?.map(({ registryId, registryName, host, repository, tags }) => (
              <li key={`${registryId} ${repository}`} className="plimsoll-name">
                <Link to={repositoryPath(registryId, repository)}>
                  {host}/{repository}
                </Link>{' '}
                <span className="plimsoll-quiet">{registryName}</span>
                {tags.map(tag => (
                  <span key={tag}>
                    {' '}
                    <Link to={manifestPath(manifest.digest, { registryId, repository, tag }, { tab: 'details' })}>
                      {tag}
                    </Link>
                  </span>
                ))}
              </li>
            ))}
          </ul>
        </Fact>
      )}
      {labels.length > 0 && (
        <Fact term="Labels">
          {labels.slice(0, MAX_LABELS).map(([name, value]) => (
            <div key={name} className="plimsoll-name">
              <code>{name}</code>: {value}
            </div>
          ))}
        </Fact>
      )}
    </DescriptionList>
  );
}

function readConfig(config: unknown) {
  const fields = (typeof config === 'object' && config !== null ? config : {}) as Readonly<Record<string, unknown>>;
  const { labels, user, cmd, entrypoint } = fields;
  const words = (value: unknown) => (Array.isArray(value) ? value.map(String).join(' ') : undefined);
  return {
    labels:
      typeof labels === 'object' && labels !== null
        ? Object.entries(labels).map(([name, value]) => [name, String(value)] as const)
        : [],
    user: typeof user === 'string' ? user : undefined,
    cmd: words(cmd),
    entrypoint: words(entrypoint),
  };
}
