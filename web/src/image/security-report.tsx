/** The security report of a manifest, in whichever state its scan is. A later scan that failed does not take the last report away. */
import { Alert, EmptyState, EmptyStateBody, Spinner, Stack, StackItem } from '@patternfly/react-core';
import { BanIcon } from '@patternfly/react-icons/dist/esm/icons/ban-icon';
import { ExclamationCircleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { SearchIcon } from '@patternfly/react-icons/dist/esm/icons/search-icon';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { ImageScan, Manifest } from '../api/model.ts';
import { totalOf } from '../display/counts.ts';
import { Time } from '../display/time.tsx';
import { CoverageNotes } from './coverage-notes.tsx';
import { FindingsTable, useFindingsView } from './findings-table.tsx';
import { ReportSummary } from './report-summary.tsx';
import { UpgradeAdvice } from './upgrade-advice.tsx';
import { useWaivedPlace } from './waived-place.ts';

export function SecurityReport({
  manifest,
  registryId,
  repository,
}: {
  readonly manifest: Manifest;
  readonly registryId: string | undefined;
  readonly repository: string | undefined;
}) {
  const { scan } = manifest;
  if (scan?.scannedAt != null) {
    return <Report digest={manifest.digest} scan={scan} registryId={registryId} repository={repository} />;
  }
  const toRegistry = <Link to={registryId === undefined ? '/registries' : `/registries/${registryId}`}>registry</Link>;
  const state = scan?.state ?? (manifest.kind === 'image' ? 'not-scanned' : 'unsupported');
  switch (state) {
    case 'queued':
      return (
        <Message title="The scan is queued" icon={Spinner}>
          A sensor takes it as soon as it can. This page shows the report by itself when it is there.
        </Message>
      );
    case 'failed':
      return (
        <Message title="The scan failed" icon={ExclamationCircleIcon} status="danger">
          {scan?.errorMessage ?? 'No reason was told'}
          {scan?.errorCode != null && (
            <div>
              <code>{scan.errorCode}</code>
            </div>
          )}
          <div>When the reason is gone, scan it again from its {toRegistry} or the menu of its tag.</div>
        </Message>
      );
    case 'unsupported':
    case 'layer-too-large':
      return (
        <Message
          title={state === 'unsupported' ? 'This cannot be scanned' : 'A layer is too large to be scanned'}
          icon={BanIcon}
        >
          {scan?.errorMessage ?? manifest.unsupportedReason ?? 'It is no image of a container'}
        </Message>
      );
    case 'scanned':
    case 'not-scanned':
      return (
        <Message title="Not scanned yet" icon={SearchIcon}>
          A scan job of its {toRegistry} that covers it will, or the menu of its tag.
        </Message>
      );
    default:
      return state satisfies never;
  }
}

function Report({
  digest,
  scan,
  registryId,
  repository,
}: {
  readonly digest: string;
  readonly scan: ImageScan;
  readonly registryId: string | undefined;
  readonly repository: string | undefined;
}) {
  const place = useWaivedPlace(digest, registryId, repository);
  const view = useFindingsView();
  const total = totalOf(scan.counts);
  return (
    <Stack hasGutter>
      {scan.state === 'failed' && (
        <StackItem>
          <Alert isInline variant="danger" title="The last scan failed; this is the report before it" component="h2">
            {scan.errorMessage}
          </Alert>
        </StackItem>
      )}
      {scan.state === 'queued' && (
        <StackItem>
          <Alert isInline variant="info" title="Another scan is queued; this is the last report" component="h2">
            Of <Time at={scan.scannedAt} />
          </Alert>
        </StackItem>
      )}
      <StackItem>
        <CoverageNotes digest={digest} />
      </StackItem>
      <StackItem>
        <div className="plimsoll-report-head">
          <ReportSummary
            digest={digest}
            scan={scan}
            onChoose={filter =>
              view.change({
                filters: {
                  show: [],
                  ...(filter === 'fixable' || filter === 'exploited' ? { [filter]: ['true'] } : { severity: [filter] }),
                },
              })
            }
            onShowWaived={() =>
              view.change({
                search: '',
                filters: { show: ['waived'], severity: [], fixable: [], exploited: [], layer: [] },
              })
            }
          />
          {total > 0 && <UpgradeAdvice digest={digest} />}
        </div>
      </StackItem>
      <StackItem>
        <FindingsTable digest={digest} view={view} total={total} place={place} />
      </StackItem>
    </Stack>
  );
}

function Message({
  title,
  icon,
  status,
  children,
}: {
  readonly title: string;
  readonly icon: React.ComponentType;
  readonly status?: 'danger';
  readonly children: ReactNode;
}) {
  return (
    <EmptyState titleText={title} icon={icon} headingLevel="h2" {...(status === undefined ? {} : { status })}>
      <EmptyStateBody>{children}</EmptyStateBody>
    </EmptyState>
  );
}
