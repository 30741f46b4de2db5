/** The head of a security report: how many findings of each severity, how many of them have a fix, and by what was judged. */
import { Button, Card, CardBody, CardTitle, DescriptionList, Skeleton } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import type { ImageScan } from '../api/model.ts';
import { severityCounts, totalOf } from '../display/counts.ts';
import { Fact } from '../display/fact.tsx';
import { formatCount, formatThings } from '../display/format-number.ts';
import { SEVERITIES, SeverityLabel } from '../display/severity.tsx';
import { Time } from '../display/time.tsx';
import { coverageQuery, waivedFindingsQuery } from './image-queries.ts';

const SeverityDonut = lazy(() => import('./severity-donut.tsx'));

export function ReportSummary({
  digest,
  scan,
  onChoose,
  onShowWaived,
}: {
  readonly digest: string;
  readonly scan: ImageScan;
  /** Shows only findings of a severity, those with a fix, or those that are exploited. */
  readonly onChoose: (filter: 'fixable' | 'exploited' | (typeof SEVERITIES)[number]) => void;
  readonly onShowWaived: () => void;
}) {
  const coverage = useQuery(coverageQuery(digest));
  const waived = useQuery(waivedFindingsQuery(digest));
  const { counts } = scan;
  const bySeverity = severityCounts(counts);
  const total = totalOf(counts);
  return (
    <Card isCompact>
      <CardTitle component="h2">
        {total === 0
          ? titleWithout(scan)
          : `${formatThings(total, 'finding')} in ${formatThings(scan.packageCount ?? 0, 'package')}`}
      </CardTitle>
      <CardBody>
        <div className="plimsoll-donut">
          <Suspense fallback={<Skeleton shape="circle" width="11rem" height="11rem" />}>
            <SeverityDonut
              counts={bySeverity}
              isSure={counts.undetermined === 0 && (scan.packageCount ?? 0) > 0 && scan.endOfLife === null}
            />
          </Suspense>
          <ul className="plimsoll-legend" aria-label="Findings by severity">
            {SEVERITIES.filter(severity => bySeverity[severity] > 0).map(severity => (
              <li key={severity}>
                <Button variant="link" isInline onClick={() => onChoose(severity)}>
                  <strong className="plimsoll-numbers">{formatCount(bySeverity[severity])}</strong>{' '}
                  <SeverityLabel severity={severity} />
                </Button>
              </li>
            ))}
            {total > 0 && (
              <li>
                <Button variant="link" isInline isDisabled={counts.fixable === 0} onClick={() => onChoose('fixable')}>
                  A fix is available for {formatCount(counts.fixable)}
                </Button>
              </li>
            )}
            {counts.knownExploited > 0 && (
              <li>
                <Button variant="link" isInline isDanger onClick={() => onChoose('exploited')}>
                  {formatCount(counts.knownExploited)} known to be exploited
                </Button>
              </li>
            )}
            {(waived.data?.count ?? 0) > 0 && (
              <li>
                <Button variant="link" isInline onClick={onShowWaived}>
                  {waived.data?.text} waived, not counted
                </Button>
              </li>
            )}
          </ul>
        </div>
        <DescriptionList
          isCompact
          isHorizontal
          horizontalTermWidthModifier={{ default: '9rem' }}
          className="plimsoll-apart"
        >
          <Fact term="Distribution">
            {coverage.data === undefined ? <Skeleton width="8rem" /> : (coverage.data?.distro?.name ?? 'None known')}
            {scan.endOfLife !== null && `, not supported since ${scan.endOfLife.since}`}
          </Fact>
          <Fact term="Layers read">
            <Time at={scan.scannedAt} />
          </Fact>
          <Fact term="Findings changed">
            <Time at={scan.judgedAt} />
          </Fact>
          <Fact term="Advisories of">
            {coverage.data === undefined ? (
              <Skeleton width="8rem" />
            ) : (
              <Time at={coverage.data?.database?.builtAt} missing="No database yet" />
            )}
          </Fact>
        </DescriptionList>
      </CardBody>
    </Card>
  );
}

/** Nothing found is told apart from nothing that could be asked. */
function titleWithout({ packageCount, counts }: ImageScan): string {
  if ((packageCount ?? 0) === 0) return 'No packages were found';
  if (counts.undetermined === 0) return `No findings in ${formatThings(packageCount ?? 0, 'package')}`;
  return `Undetermined: ${formatCount(counts.undetermined)} of ${formatThings(packageCount ?? 0, 'package')}`;
}
