/** What a report cannot say, before anything it does say: silence is not safety. */
import { Alert, AlertGroup, ExpandableSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ImageCoverage } from '../api/model.ts';
import { formatThings } from '../display/format-number.ts';
import { coverageQuery } from './image-queries.ts';

export function CoverageNotes({ digest }: { readonly digest: string }) {
  const { data } = useQuery(coverageQuery(digest));
  if (data == null) return null;
  const { pastEndOfLife, database, undetermined, gaps, gapCount } = data;
  // The end of a release is one reason among them, and told by itself.
  const others = undetermined.filter(({ why }) => why !== pastEndOfLife);
  if (pastEndOfLife === null && database !== null && others.length === 0 && gapCount === 0) return null;
  return (
    <AlertGroup>
      {database === null && (
        <Alert isInline variant="warning" title="There is no vulnerability database yet" component="h2">
          What is installed is known, but nothing can be said of it. As soon as advisories are there, this image is
          judged by itself; nothing has to be scanned again.
        </Alert>
      )}
      {pastEndOfLife !== null && (
        <Alert isInline variant="warning" title="No longer supported" component="h2">
          {pastEndOfLife}.
        </Alert>
      )}
      {database !== null && others.length > 0 && <Doubts groups={others} />}
      {gapCount > 0 && (
        <Alert isInline variant="warning" title={`${formatThings(gapCount, 'thing')} could not be read`} component="h2">
          <ExpandableSection toggleText="What, and why">
            <ul className="plimsoll-list">
              {gaps.map(({ layer, path, reason }) => (
                <li key={`${layer} ${path} ${reason}`} className="plimsoll-name">
                  {path !== null && <code>{path}</code>} {reason}
                </li>
              ))}
            </ul>
            {gapCount > gaps.length && <p>The report has the others.</p>}
          </ExpandableSection>
        </Alert>
      )}
    </AlertGroup>
  );
}

function Doubts({ groups }: { readonly groups: ImageCoverage['undetermined'] }) {
  const packages = groups.reduce((sum, group) => sum + group.packages, 0);
  return (
    <Alert
      isInline
      variant="warning"
      title={`It is not known whether ${formatThings(packages, 'package is', 'packages are')} affected`}
      component="h2"
    >
      <ExpandableSection toggleText="Which, and why">
        <ul className="plimsoll-list">
          {groups.map(({ why, packages: count, named, ids }) => (
            <li key={`${why} ${ids.join()}`} className="plimsoll-name">
              {why}: {formatThings(count, 'package')}{' '}
              <span className="plimsoll-quiet">
                ({named.join(', ')}
                {count > named.length && ', …'})
              </span>
              {ids.length > 0 && <div>Concerns {ids.join(', ')}</div>}
            </li>
          ))}
        </ul>
      </ExpandableSection>
    </Alert>
  );
}
