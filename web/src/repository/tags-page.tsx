/** The tags of a repository, each with the security of what it names; an index opens to its platforms. */
import { Button, PageSection } from '@patternfly/react-core';
import { ExpandableRowContent, Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import type { Tag } from '../api/model.ts';
import { manifestPath, type PlaceOf } from '../display/addresses.ts';
import { ShortDigest } from '../display/digest.tsx';
import { formatBytes, formatThings } from '../display/format-number.ts';
import { platformText } from '../display/platform.ts';
import { Answer, Empty } from '../feedback/answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { SecuritySummary } from '../image/security-summary.tsx';
import { registryQuery } from '../registry/registry-queries.ts';
import { useRole } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { Pager, RowActions } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { Pushed } from './pushed.tsx';
import { scanTag, tagsQuery } from './repository-queries.ts';

const TagHistory = lazy(() => import('./tag-history.tsx'));
const COLUMNS = ['Tag', 'Security', 'Size', 'Pushed', 'Manifest'] as const;

export function TagsPage() {
  const { registryId = '', '*': repository = '' } = useParams();
  const [params, setParams] = useSearchParams();
  const registry = useQuery(registryQuery(registryId));
  const view = useListView();
  const tags = useQuery(tagsQuery(registryId, repository, view.cursor));
  const history = params.get('history');
  const showHistory = (tag: string | undefined) =>
    setParams(now => {
      const next = new URLSearchParams(now);
      if (tag === undefined) next.delete('history');
      else next.set('history', tag);
      return next;
    });
  const name = registry.data?.name ?? 'Registry';
  return (
    <>
      <PageHeader
        title={repository}
        crumbs={[
          { title: 'Repositories', to: '/repositories' },
          { title: name, to: `/repositories?registry=${registryId}` },
        ]}
      >
        {registry.data === undefined ? undefined : `${registry.data.host}/${repository}`}
      </PageHeader>
      <PageSection>
        <Answer
          of={tags}
          what="tags"
          isEmpty={({ items }) => items.length === 0 && view.cursor === undefined}
          empty={
            <Empty title="No tag is known here">
              Tags are listed when a scan job covers this repository. One that was removed from the registry is not
              shown.
            </Empty>
          }
        >
          {({ items, nextCursor }) => (
            <>
              <Table aria-label="Tags" variant="compact" isExpandable gridBreakPoint="grid-lg">
                <Thead>
                  <Tr>
                    <Th screenReaderText="Child manifests" />
                    {COLUMNS.map(title => (
                      <Th key={title}>{title}</Th>
                    ))}
                    <Th screenReaderText="Actions" />
                  </Tr>
                </Thead>
                {items.map((tag, rowIndex) => (
                  <TagRows
                    key={tag.name}
                    tag={tag}
                    rowIndex={rowIndex}
                    place={{ registryId, repository, tag: tag.name }}
                    namespaceId={registry.data?.namespaceId}
                    onHistory={() => showHistory(tag.name)}
                  />
                ))}
              </Table>
              <Pager view={view} nextCursor={nextCursor ?? undefined} />
            </>
          )}
        </Answer>
      </PageSection>
      {history !== null && (
        <Suspense>
          <TagHistory
            registryId={registryId}
            repository={repository}
            tag={history}
            onClose={() => showHistory(undefined)}
          />
        </Suspense>
      )}
    </>
  );
}

function TagRows({
  tag,
  rowIndex,
  place,
  namespaceId,
  onHistory,
}: {
  readonly tag: Tag;
  readonly rowIndex: number;
  readonly place: PlaceOf & { readonly tag: string };
  readonly namespaceId: string | undefined;
  readonly onHistory: () => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const navigate = useNavigate();
  const mayScan = useRole('operator', namespaceId ?? 'server');
  const scan = useChange({
    call: scanTag,
    stale: ['repositories', 'images', 'runs'],
    done: `A scan of ${place.repository}:${tag.name} is on its way`,
    failed: `Could not scan ${tag.name}`,
  });
  const children = tag.children.filter(({ kind }) => kind !== 'attestation');
  const statements = tag.children.length - children.length;
  const to = manifestPath(tag.digest, place);
  const isIndex = tag.kind === 'index';
  return (
    <Tbody isExpanded={isOpen}>
      <Tr>
        <Td
          {...(isIndex
            ? {
                expand: {
                  rowIndex,
                  isExpanded: isOpen,
                  onToggle: () => setOpen(!isOpen),
                  expandId: 'plimsoll-children',
                },
              }
            : {})}
        />
        <Td dataLabel="Tag" className="plimsoll-name">
          <Link to={to}>{tag.name}</Link>
        </Td>
        <Td dataLabel="Security">
          {isIndex ? (
            <Button variant="link" isInline aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
              See child manifests <span className="plimsoll-quiet">({children.length})</span>
            </Button>
          ) : tag.kind === 'image' ? (
            <SecuritySummary scan={tag.scan} to={to} of={tag.name} />
          ) : (
            <Link to={to} className="plimsoll-quiet">
              Unsupported
            </Link>
          )}
        </Td>
        <Td dataLabel="Size" className="plimsoll-numbers">
          {tag.sizeBytes === null ? (
            <span className="plimsoll-quiet">{isIndex ? 'By platform' : '–'}</span>
          ) : (
            formatBytes(tag.sizeBytes)
          )}
        </Td>
        <Td dataLabel="Pushed">
          <Pushed tag={tag} />
        </Td>
        <Td dataLabel="Manifest">
          <ShortDigest digest={tag.digest} />
        </Td>
        <Td isActionCell>
          <RowActions
            name={tag.name}
            items={[
              ...(mayScan ? [{ title: 'Scan now', onClick: () => scan.mutate(place) }] : []),
              { title: 'History', onClick: onHistory },
              ...(isIndex
                ? []
                : [
                    {
                      title: 'Compare …',
                      onClick: () => void navigate(manifestPath(tag.digest, place, { tab: 'compare' })),
                    },
                  ]),
            ]}
          />
        </Td>
      </Tr>
      {isIndex && (
        <Tr isExpanded={isOpen}>
          <Td />
          <Td colSpan={COLUMNS.length + 1} noPadding>
            <ExpandableRowContent>
              <Table aria-label={`Child manifests of ${tag.name}`} variant="compact" borders={false}>
                <Thead>
                  <Tr>
                    <Th width={20}>Platform</Th>
                    <Th>Security</Th>
                    <Th>Size</Th>
                    <Th>Manifest</Th>
                  </Tr>
                </Thead>
                <Tbody>
                  {children.map(child => {
                    const platform = platformText(child.platform);
                    const toChild = manifestPath(child.digest, place);
                    const isKnown = child.sizeBytes !== null || child.scan !== null;
                    return (
                      <Tr key={child.digest}>
                        <Td dataLabel="Platform">{isKnown ? <Link to={toChild}>{platform}</Link> : platform}</Td>
                        <Td dataLabel="Security">
                          {isKnown ? (
                            <SecuritySummary scan={child.scan} to={toChild} of={`${tag.name} on ${platform}`} />
                          ) : (
                            <span className="plimsoll-quiet">Not read: no scan job wanted this platform</span>
                          )}
                        </Td>
                        <Td dataLabel="Size" className="plimsoll-numbers">
                          {child.sizeBytes === null ? '–' : formatBytes(child.sizeBytes)}
                        </Td>
                        <Td dataLabel="Manifest">
                          <ShortDigest digest={child.digest} />
                        </Td>
                      </Tr>
                    );
                  })}
                </Tbody>
              </Table>
              {statements > 0 && (
                <p className="plimsoll-quiet">and {formatThings(statements, 'statement')} about them</p>
              )}
            </ExpandableRowContent>
          </Td>
        </Tr>
      )}
    </Tbody>
  );
}
