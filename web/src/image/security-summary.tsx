/**
 * What is known of the security of one manifest, in a cell: the state of its scan, or counts that lead to its report. "Passed" is said only
 * where something was looked for in all of it: nothing found because nothing could be asked is told apart, and so is nothing found in a
 * release that gets no advisories any more.
 */
import './image.css';
import { Icon, Spinner, Tooltip } from '@patternfly/react-core';
import { CheckCircleIcon } from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { ExclamationCircleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { ExclamationTriangleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { ImageScan } from '../api/model.ts';
import { severityCounts, totalOf } from '../display/counts.ts';
import { EndOfLife } from '../display/end-of-life.tsx';
import { formatCount, formatThings } from '../display/format-number.ts';
import { SeverityCounts } from '../display/severity.tsx';

export function SecuritySummary({
  scan,
  to,
  of,
}: {
  readonly scan: ImageScan | null;
  /** Its report. */
  readonly to: string;
  /** What it is the report of, for screen readers: `1.0 on linux/amd64`. */
  readonly of: string;
}) {
  if (scan === null) return <Quiet>Not scanned</Quiet>;
  const report = scan.scannedAt === null ? undefined : <Report scan={scan} to={to} of={of} />;
  switch (scan.state) {
    case 'scanned':
      return report ?? <Quiet>Not scanned</Quiet>;
    case 'not-scanned':
      return report ?? <Quiet>Not scanned</Quiet>;
    case 'queued':
      return (
        <>
          <Spinner isInline aria-label="Waiting" /> Queued
          {report !== undefined && <div>{report}</div>}
        </>
      );
    case 'failed':
      return (
        <>
          <Link to={to}>
            <Icon status="danger" isInline>
              <ExclamationCircleIcon />
            </Icon>{' '}
            Failed
          </Link>
          {scan.errorMessage !== null && <div className="plimsoll-quiet plimsoll-two-lines">{scan.errorMessage}</div>}
          {report !== undefined && <div>Before: {report}</div>}
        </>
      );
    case 'unsupported':
      return <Reasoned text="Unsupported" reason={scan.errorMessage} />;
    case 'layer-too-large':
      return <Reasoned text="Layer too large" reason={scan.errorMessage} />;
    default:
      return scan.state satisfies never;
  }
}

function Report({ scan, to, of }: { readonly scan: ImageScan; readonly to: string; readonly of: string }) {
  const { counts, packageCount, endOfLife } = scan;
  const total = totalOf(counts);
  const waived = totalOf(scan.waived);
  if (total > 0) {
    return (
      <Link to={to} className="plimsoll-summary">
        <SeverityCounts counts={severityCounts(counts)} />
        <span className="plimsoll-quiet">
          {formatCount(counts.fixable)} fixable
          {counts.knownExploited > 0 && `, ${formatCount(counts.knownExploited)} known exploited`}
          {waived > 0 && `, ${formatCount(waived)} waived`}
        </span>
        <EndOfLife endOfLife={endOfLife} />
        <Of what={of} />
      </Link>
    );
  }
  if (packageCount === 0) {
    return (
      <Link to={to} className="plimsoll-summary">
        <span>No packages found</span>
        <EndOfLife endOfLife={endOfLife} />
        <Of what={of} />
      </Link>
    );
  }
  if (counts.undetermined > 0) {
    return (
      <Link to={to} className="plimsoll-summary">
        <span>
          <Icon status="warning" isInline>
            <ExclamationTriangleIcon />
          </Icon>{' '}
          Undetermined <span className="plimsoll-quiet">({formatThings(counts.undetermined, 'package')})</span>
        </span>
        <Waived count={waived} />
        <EndOfLife endOfLife={endOfLife} />
        <Of what={of} />
      </Link>
    );
  }
  if (endOfLife !== null) {
    return (
      <Link to={to} className="plimsoll-summary">
        <span>
          <Icon status="warning" isInline>
            <ExclamationTriangleIcon />
          </Icon>{' '}
          Passed, release no longer supported
        </span>
        <span className="plimsoll-quiet">
          {endOfLife.release}, since {endOfLife.since}
        </span>
        <Waived count={waived} />
        <Of what={of} />
      </Link>
    );
  }
  return (
    <Link to={to} className="plimsoll-summary">
      <span>
        <Icon status="success" isInline>
          <CheckCircleIcon />
        </Icon>{' '}
        Passed
      </span>
      <Waived count={waived} />
      <Of what={of} />
    </Link>
  );
}

/** What is accepted is told beside what is counted: it passed with it. */
function Waived({ count }: { readonly count: number }) {
  return count === 0 ? null : <span className="plimsoll-quiet">{formatThings(count, 'finding')} waived</span>;
}

/** Links are read out of their table, so each says whose it is. */
function Of({ what }: { readonly what: string }) {
  return <span className="pf-v6-screen-reader"> in {what}</span>;
}

function Reasoned({ text, reason }: { readonly text: string; readonly reason: string | null }) {
  if (reason === null) return <Quiet>{text}</Quiet>;
  return (
    <Tooltip content={reason}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason is for keyboards, too */}
      <span className="plimsoll-quiet" tabIndex={0}>
        {text}
      </span>
    </Tooltip>
  );
}

function Quiet({ children }: { readonly children: ReactNode }) {
  return <span className="plimsoll-quiet">{children}</span>;
}
