/** A registry in numbers: how many of its images are vulnerable, how badly, and what is going on. */
import { Alert, Card, CardBody, CardTitle, DescriptionList, Grid, GridItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Registry } from '../api/model.ts';
import { Fact } from '../display/fact.tsx';
import { formatCount } from '../display/format-number.ts';
import { SEVERITIES, SeverityLabel } from '../display/severity.tsx';
import { Time } from '../display/time.tsx';
import { writeLabels } from '../form/labels.ts';
import { isActive, StateLabel } from '../job/state-label.tsx';
import { RunProgress } from '../run/run-progress.tsx';
import { runsQuery } from '../run/run-queries.ts';
import { isHosted, useProductLabel } from './product-label.ts';
import { severityTotals } from './totals.tsx';

export function RegistryOverview({ registry }: { readonly registry: Registry }) {
  const { totals } = registry;
  return (
    <Grid hasGutter>
      <Warnings registry={registry} />
      <GridItem md={6}>
        <Card isFullHeight>
          <CardTitle component="h2">Vulnerable images</CardTitle>
          <CardBody>
            <p className="plimsoll-figure">
              <strong>{formatCount(totals.vulnerableImages)}</strong> of {formatCount(totals.scannedImages)} scanned
            </p>
            {totals.scannedImages === 0 ? (
              <p className="plimsoll-quiet">
                Nothing has been scanned yet.{' '}
                {isHosted(registry) ? (
                  'What is pushed here is scanned as it comes.'
                ) : (
                  <Link to={`/registries/${registry.id}/jobs`}>See the scan jobs</Link>
                )}
              </p>
            ) : (
              <table className="plimsoll-figures">
                <caption className="pf-v6-screen-reader">Vulnerable images by their worst finding</caption>
                <tbody>
                  {SEVERITIES.map(severity => (
                    <tr key={severity}>
                      <th scope="row">
                        <SeverityLabel severity={severity} />
                      </th>
                      <td>{formatCount(severityTotals(totals)[severity])}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
            {totals.undeterminedImages > 0 && (
              <p>
                {formatCount(totals.undeterminedImages)} without findings could not be judged in all; they do not count
                as clean.
              </p>
            )}
            {totals.failedImages > 0 && (
              <p>{formatCount(totals.failedImages)} could not be scanned the last time; they do not count as clean.</p>
            )}
          </CardBody>
        </Card>
      </GridItem>
      <GridItem md={6}>
        <Card isFullHeight>
          <CardTitle component="h2">Totals</CardTitle>
          <CardBody>
            <DescriptionList isCompact isHorizontal>
              <Fact isNumber term="Images">
                {formatCount(totals.images)}
              </Fact>
              <Fact isNumber term="Tags">
                {formatCount(totals.tags)}, {formatCount(totals.vulnerableTags)} on vulnerable images
              </Fact>
              <Fact isNumber term="Last scan">
                <Time at={totals.lastScannedAt} missing="Never" />
              </Fact>
              <Facts registry={registry} />
            </DescriptionList>
          </CardBody>
        </Card>
      </GridItem>
      {!isHosted(registry) && (
        <GridItem>
          <Card>
            <CardTitle component="h2">Latest runs</CardTitle>
            <CardBody>
              <LatestRuns registry={registry} />
            </CardBody>
          </Card>
        </GridItem>
      )}
    </Grid>
  );
}

function Warnings({
  registry: { healthDetail, health, warnings, credentialExpiresAt, coolDownUntil, settings },
}: {
  readonly registry: Registry;
}) {
  const { tls } = settings as { tls?: { skipVerify?: boolean; insecureHttp?: boolean } };
  const alerts: { readonly title: string; readonly body?: ReactNode; readonly variant: 'danger' | 'warning' }[] = [];
  if (health !== 'connected' && health !== 'not-tested' && healthDetail !== null)
    alerts.push({ title: healthDetail, variant: 'danger' });
  if (coolDownUntil !== null)
    alerts.push({ title: 'The registry asked for a pause', body: <Time at={coolDownUntil} />, variant: 'warning' });
  if (credentialExpiresAt !== null && Date.parse(credentialExpiresAt) - Date.now() < 14 * 86_400_000)
    alerts.push({ title: 'The credentials end soon', body: <Time at={credentialExpiresAt} />, variant: 'warning' });
  if (tls?.skipVerify === true)
    alerts.push({ title: 'Certificates of this registry are not checked', variant: 'warning' });
  if (tls?.insecureHttp === true) alerts.push({ title: 'This registry is read over plain http', variant: 'warning' });
  for (const warning of warnings) alerts.push({ title: warning, variant: 'warning' });
  return alerts.map(({ title, body, variant }) => (
    <GridItem key={title}>
      <Alert variant={variant} isInline title={<span className="plimsoll-name">{title}</span>}>
        {body}
      </Alert>
    </GridItem>
  ));
}

function Facts({ registry }: { readonly registry: Registry }) {
  const labelOf = useProductLabel();
  const { credentialKind, credentialHint, rateLimit, sensorSelector, labels, createdAt } = registry;
  return (
    <>
      <Fact isNumber term="Product">
        {labelOf(registry)}
      </Fact>
      {!isHosted(registry) && (
        <Fact isNumber term="Credentials">
          {credentialKind === 'none' ? 'None' : (credentialHint ?? credentialKind)}
        </Fact>
      )}
      {rateLimit !== null && (
        <Fact isNumber term="Rate limit">
          {rateLimit.remaining === undefined ? '' : `${formatCount(rateLimit.remaining)} left of `}
          {rateLimit.limit === undefined ? 'an unknown number' : formatCount(rateLimit.limit)},{' '}
          <Time at={rateLimit.at} isRelative />
        </Fact>
      )}
      {!isHosted(registry) && (
        <Fact isNumber term="Sensors">
          {writeLabels(sensorSelector) || 'Any that reaches it'}
        </Fact>
      )}
      {Object.keys(labels).length > 0 && (
        <Fact isNumber term="Labels">
          {writeLabels(labels)}
        </Fact>
      )}
      <Fact isNumber term="Connected">
        <Time at={createdAt} />
      </Fact>
    </>
  );
}

function LatestRuns({ registry }: { readonly registry: Registry }) {
  const runs = useQuery(runsQuery({ registry: registry.id }));
  const latest = (runs.data?.items ?? []).slice(0, 3);
  if (latest.length === 0) return <p className="plimsoll-quiet">It has not been scanned yet.</p>;
  return latest.map(run => (
    <div key={run.id} className="plimsoll-run">
      <Link to={`/runs/${run.id}`}>
        Run {run.number}, <Time at={run.startedAt ?? run.createdAt} isRelative={isActive(run.state)} />
      </Link>{' '}
      <StateLabel item={run} />
      <RunProgress run={run} />
    </div>
  ));
}
