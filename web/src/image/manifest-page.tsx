/** One manifest by its digest: the security report of an image, its packages, layers and comparison; the platforms of an index. */
import './image.css';
import { Label, PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearchParams } from 'react-router';
import type { Manifest } from '../api/model.ts';
import { repositoryPath } from '../display/addresses.ts';
import { ShortDigest, shortDigest } from '../display/digest.tsx';
import { formatBytes } from '../display/format-number.ts';
import { platformText } from '../display/platform.ts';
import { Answer } from '../feedback/answer.tsx';
import { type Crumb, PageHeader } from '../shell/page-header.tsx';
import { ChecksTab } from './checks-tab.tsx';
import { CompareTab } from './compare-tab.tsx';
import { DetailsTab } from './details-tab.tsx';
import { DownloadsMenu } from './downloads-menu.tsx';
import { manifestQuery } from './image-queries.ts';
import { IndexChildren } from './index-children.tsx';
import { LayersTab } from './layers-tab.tsx';
import { PackagesTab } from './packages-tab.tsx';
import { SecurityReport } from './security-report.tsx';

const TABS = {
  image: [
    ['report', 'Security report'],
    ['packages', 'Packages'],
    ['layers', 'Layers'],
    ['checks', 'Compliance'],
    ['compare', 'Compare'],
    ['details', 'Details'],
  ],
  index: [
    ['platforms', 'Child manifests'],
    ['details', 'Details'],
  ],
  other: [
    ['report', 'Security report'],
    ['details', 'Details'],
  ],
} as const;
/** What stays in the address whatever is looked at. */
const PLACE = ['registry', 'repository', 'tag'];

export function ManifestPage() {
  const { digest = '' } = useParams();
  const [params, setParams] = useSearchParams();
  const manifest = useQuery(manifestQuery(digest));
  const [registryId, repository, tag] = PLACE.map(name => params.get(name) ?? undefined);
  const kind = manifest.data?.kind;
  const tabs = TABS[kind === 'image' || kind === 'index' ? kind : 'other'];
  const wanted = params.get('tab');
  const tab = tabs.find(([name]) => name === wanted)?.[0] ?? tabs[0][0];
  const title = repository === undefined ? shortDigest(digest) : `${repository}${tag === undefined ? '' : `:${tag}`}`;
  const crumbs: readonly Crumb[] =
    registryId === undefined || repository === undefined
      ? [{ title: 'Images', to: '/images' }]
      : [
          { title: 'Repositories', to: '/repositories' },
          { title: repository, to: repositoryPath(registryId, repository) },
        ];
  const show = (name: string) =>
    setParams(now => new URLSearchParams([...[...now].filter(([key]) => PLACE.includes(key)), ['tab', name]]));
  return (
    <>
      <PageHeader
        title={title}
        crumbs={crumbs}
        labels={manifest.data !== undefined && <Labels manifest={manifest.data} />}
        actions={manifest.data?.scan?.scannedAt == null ? undefined : <DownloadsMenu digest={digest} />}
      >
        <ShortDigest digest={digest} />
      </PageHeader>
      <PageSection>
        <Answer of={manifest} what="the manifest">
          {data => (
            <>
              <Tabs activeKey={tab} onSelect={(_, name) => show(String(name))} aria-label="What to show">
                {tabs.map(([name, text]) => (
                  <Tab
                    key={name}
                    eventKey={name}
                    title={<TabTitleText>{text}</TabTitleText>}
                    tabContentId="manifest-tab"
                  />
                ))}
              </Tabs>
              <div
                id="manifest-tab"
                role="tabpanel"
                aria-label={tabs.find(([name]) => name === tab)?.[1]}
                className="plimsoll-apart"
              >
                <Shown tab={tab} manifest={data} registryId={registryId} repository={repository} />
              </div>
            </>
          )}
        </Answer>
      </PageSection>
    </>
  );
}

function Shown({
  tab,
  manifest,
  registryId,
  repository,
}: {
  readonly tab: string;
  readonly manifest: Manifest;
  readonly registryId: string | undefined;
  readonly repository: string | undefined;
}) {
  const { digest } = manifest;
  return (
    <>
      {tab === 'report' && <SecurityReport manifest={manifest} registryId={registryId} repository={repository} />}
      {tab === 'platforms' && <IndexChildren manifest={manifest} />}
      {tab === 'packages' && <PackagesTab digest={digest} />}
      {tab === 'layers' && <LayersTab digest={digest} />}
      {tab === 'checks' && <ChecksTab digest={digest} />}
      {tab === 'compare' && <CompareTab digest={digest} registryId={registryId} repository={repository} />}
      {tab === 'details' && <DetailsTab manifest={manifest} />}
    </>
  );
}

function Labels({ manifest }: { readonly manifest: Manifest }) {
  const { kind, platform, sizeBytes } = manifest;
  if (kind === 'index') return <Label variant="outline">Index of several platforms</Label>;
  if (kind !== 'image') return <Label variant="outline">Not an image</Label>;
  return (
    <>
      <Label variant="outline">{platformText(platform)}</Label>
      {sizeBytes !== null && <Label variant="outline">{formatBytes(sizeBytes)}</Label>}
    </>
  );
}
