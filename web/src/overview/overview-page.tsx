/** What needs attention now, what runs, how much there is, and how findings went over time. */
import './overview.css';
import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  Content,
  ExpandableSection,
  Icon,
  PageSection,
  Skeleton,
} from '@patternfly/react-core';
import { CheckCircleIcon } from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { ExclamationCircleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { ExclamationTriangleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense } from 'react';
import { Link } from 'react-router';
import type { Overview } from '../api/model.ts';
import { manifestPath } from '../display/addresses.ts';
import { severityCounts } from '../display/counts.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { SEVERITIES, SeverityCounts, SeverityLabel } from '../display/severity.tsx';
import { Time, useNow } from '../display/time.tsx';
import { Answer } from '../feedback/answer.tsx';
import { isActive } from '../job/state-label.tsx';
import { registriesQuery } from '../registry/registry-queries.ts';
import { RunProgress } from '../run/run-progress.tsx';
import { runsQuery } from '../run/run-queries.ts';
import { useRole } from '../session/session.tsx';
import { useNamespaceView } from '../shell/namespace.ts';
import { NamespaceLabel } from '../shell/namespace-label.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { listConcerns } from './concerns.ts';
import { databaseQuery, overviewQuery, overviewSensorsQuery } from './overview-queries.ts';

const TrendChart = lazy(() => import('./trend-chart.tsx'));
const FIRST_CONCERNS = 8;

export function OverviewPage() {
  const { namespace } = useNamespaceView();
  const overview = useQuery(overviewQuery(namespace));
  return (
    <>
      <PageHeader title="Overview" labels={<NamespaceLabel />} />
      <PageSection>
        <div className="plimsoll-overview">
          <Attention totals={overview.data?.totals} namespace={namespace} />
          <Runs namespace={namespace} />
          <Answer
            of={overview}
            what="the totals"
            loading={<Skeleton height="12rem" screenreaderText="Loading totals" />}
          >
            {({ totals, lateFindings, trend }) => (
              <>
                <Totals totals={totals} />
                <Late findings={lateFindings} />
                <Trend trend={trend} />
              </>
            )}
          </Answer>
        </div>
      </PageSection>
    </>
  );
}

function Attention({
  totals,
  namespace,
}: {
  readonly totals: Overview['totals'] | undefined;
  readonly namespace: string | undefined;
}) {
  const now = useNow(true);
  const registries = useQuery(registriesQuery({ namespace }));
  const runs = useQuery(runsQuery({ namespace }));
  const sensors = useQuery({ ...overviewSensorsQuery, enabled: useRole('viewer', 'server') });
  const database = useQuery(databaseQuery);
  const concerns = listConcerns({
    totals,
    registries: registries.data?.items,
    runs: runs.data?.items,
    sensors: sensors.data,
    database: database.data,
    now,
  });
  const isLoading = totals === undefined || registries.isPending || runs.isPending || database.isPending;
  const hasNothing = registries.data?.items.length === 0 && totals?.images === 0;
  return (
    <OverviewCard title="Needs attention" width="most">
      {hasNothing && (
        <Alert isInline variant="info" title="Nothing is watched yet" component="h3">
          <Link to="/registries/new">Connect a registry</Link>, and say what to scan.
        </Alert>
      )}
      {concerns.length === 0 ? (
        isLoading ? (
          <Skeleton screenreaderText="Loading what needs attention" />
        ) : (
          !hasNothing && (
            <p>
              <Icon status="success" isInline>
                <CheckCircleIcon />
              </Icon>{' '}
              Nothing needs attention.
            </p>
          )
        )
      ) : (
        <ul className="plimsoll-concerns">
          {concerns.slice(0, FIRST_CONCERNS).map(({ key, level, text, to }) => (
            <li key={key}>
              <Icon status={level} isInline>
                {level === 'danger' ? <ExclamationCircleIcon /> : <ExclamationTriangleIcon />}
              </Icon>{' '}
              <Link to={to}>{text}</Link>
            </li>
          ))}
        </ul>
      )}
      {concerns.length > FIRST_CONCERNS && <p>and {formatThings(concerns.length - FIRST_CONCERNS, 'more thing')}</p>}
      <div className="plimsoll-quiet">
        <Link to="/settings/database">Advisories</Link> of{' '}
        <Time at={database.data?.current?.builtAt} missing="no database" isRelative />
        {database.data?.pending != null && ', newer ones are being applied'}
      </div>
    </OverviewCard>
  );
}

function Runs({ namespace }: { readonly namespace: string | undefined }) {
  const runs = useQuery(runsQuery({ namespace }));
  const active = (runs.data?.items ?? []).filter(({ state }) => isActive(state));
  return (
    <OverviewCard title="Runs in progress">
      {active.length === 0 ? (
        <p className="plimsoll-quiet">{runs.isPending ? 'Loading …' : 'None.'}</p>
      ) : (
        active.slice(0, 5).map(run => (
          <div key={run.id} className="plimsoll-run">
            <Link to={`/runs/${run.id}`}>Run {run.number}</Link>
            <RunProgress run={run} />
          </div>
        ))
      )}
    </OverviewCard>
  );
}

function Totals({ totals }: { readonly totals: Overview['totals'] }) {
  const { images, scannedImages, vulnerableImages, queuedImages, counts } = totals;
  return (
    <OverviewCard title="Images">
      <p>
        <Link to="/images" className="plimsoll-figure">
          {formatCount(images)}
        </Link>{' '}
        {images === 1 ? 'image' : 'images'}, {formatCount(scannedImages)} scanned, {formatCount(vulnerableImages)}{' '}
        vulnerable{queuedImages > 0 && `, ${formatCount(queuedImages)} queued`}
      </p>
      <SeverityCounts counts={severityCounts(counts)} what="Findings of all images" none="No findings" />
      <p className="plimsoll-quiet">
        {formatCount(counts.fixable)} fixable
        {counts.undetermined > 0 && `; ${formatThings(counts.undetermined, 'package')} undetermined`}
      </p>
    </OverviewCard>
  );
}

function Late({ findings }: { readonly findings: Overview['lateFindings'] }) {
  return (
    <OverviewCard title="Found lately by new advisories" width="most">
      {findings.length === 0 ? (
        <p className="plimsoll-quiet">Nothing high or critical in the last two weeks.</p>
      ) : (
        <Table aria-label="Found lately" variant="compact" borders={false} gridBreakPoint="grid-lg">
          <Thead>
            <Tr>
              <Th>Image</Th>
              <Th>Worst</Th>
              <Th>New findings</Th>
              <Th>When</Th>
            </Tr>
          </Thead>
          <Tbody>
            {joinByImage(findings)
              .slice(0, 8)
              .map(({ digest, registryId, repository, tag, at, findingsNew, worstNew }) => (
                <Tr key={`${digest} ${at}`}>
                  <Td dataLabel="Image" className="plimsoll-name">
                    <Link to={manifestPath(digest, { registryId, repository, tag })}>
                      {repository}
                      {tag !== null && `:${tag}`}
                    </Link>
                  </Td>
                  <Td dataLabel="Worst">
                    <SeverityLabel severity={worstNew} />
                  </Td>
                  <Td dataLabel="New findings" className="plimsoll-numbers">
                    {formatCount(findingsNew)}
                  </Td>
                  <Td dataLabel="When">
                    <Time at={at} isRelative />
                  </Td>
                </Tr>
              ))}
          </Tbody>
        </Table>
      )}
    </OverviewCard>
  );
}

/** Several updates in a row are one line for each image: together so many, the worst of them, the last time. */
function joinByImage(findings: Overview['lateFindings']): Overview['lateFindings'] {
  const joined = new Map<string, Overview['lateFindings'][number]>();
  for (const one of findings) {
    const known = joined.get(one.digest);
    if (known === undefined) joined.set(one.digest, one);
    else {
      const worse = SEVERITIES.indexOf(one.worstNew) < SEVERITIES.indexOf(known.worstNew) ? one : known;
      joined.set(one.digest, {
        ...known,
        findingsNew: known.findingsNew + one.findingsNew,
        worstNew: worse.worstNew,
      });
    }
  }
  return [...joined.values()];
}

function Trend({ trend }: { readonly trend: Overview['trend'] }) {
  return (
    <OverviewCard title="Findings over time" width="all">
      {trend.length < 2 ? (
        <Content className="plimsoll-quiet">
          Totals are noted every day; from tomorrow on they are shown here as a curve.
        </Content>
      ) : (
        <>
          <Suspense fallback={<Skeleton height="220px" />}>
            <TrendChart trend={trend} />
          </Suspense>
          <ExpandableSection toggleText="As a table">
            <Table aria-label="Findings over time" variant="compact" gridBreakPoint="grid-lg">
              <Thead>
                <Tr>
                  <Th>Day</Th>
                  <Th>Findings</Th>
                  <Th>Vulnerable images</Th>
                </Tr>
              </Thead>
              <Tbody>
                {trend.toReversed().map(({ day, counts, vulnerableImages, scannedImages }) => (
                  <Tr key={day}>
                    <Td dataLabel="Day">{day}</Td>
                    <Td dataLabel="Findings">
                      <SeverityCounts counts={severityCounts(counts)} what={`Findings on ${day}`} />
                    </Td>
                    <Td dataLabel="Vulnerable images" className="plimsoll-numbers">
                      {formatCount(vulnerableImages)} of {formatCount(scannedImages)}
                    </Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </ExpandableSection>
        </>
      )}
    </OverviewCard>
  );
}

function OverviewCard({
  title,
  width = 'one',
  children,
}: {
  readonly title: string;
  /** Columns of three. */
  readonly width?: 'one' | 'most' | 'all';
  readonly children: ReactNode;
}) {
  return (
    <Card isCompact className={`plimsoll-overview-${width}`}>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>{children}</CardBody>
    </Card>
  );
}
