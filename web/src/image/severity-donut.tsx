/** Findings by severity as a ring. A picture beside the legend, which says the same in words: screen readers skip it. */
import { ChartDonut, ChartLabel } from '@patternfly/react-charts/victory';
import { formatCount } from '../display/format-number.ts';
import { SEVERITIES, type Severity, severityColour, severityLabel } from '../display/severity.tsx';

const CLEAR = 'var(--pf-t--global--color--status--success--default)';
/** The number, and what it counts: in the colours of the page, which the chart does not know. */
const TITLE = [
  { fill: 'var(--pf-t--global--text--color--regular)', fontSize: 26 },
  { fill: 'var(--pf-t--global--text--color--subtle)', fontSize: 14 },
];

export default function SeverityDonut({
  counts,
  isSure,
}: {
  readonly counts: Readonly<Record<Severity, number>>;
  /** Whether all packages could be judged: only then is nothing found a good sign. */
  readonly isSure: boolean;
}) {
  const shown = SEVERITIES.filter(severity => counts[severity] > 0);
  const total = shown.reduce((sum, severity) => sum + counts[severity], 0);
  const data = shown.map(severity => ({ x: severityLabel(severity), y: counts[severity] }));
  return (
    <div className="plimsoll-donut-picture" aria-hidden>
      <ChartDonut
        data={total === 0 ? [{ x: 'None', y: 1 }] : data}
        colorScale={total > 0 ? shown.map(severityColour) : [isSure ? CLEAR : severityColour('UNKNOWN')]}
        labels={() => ''}
        title={formatCount(total)}
        subTitle={total === 1 ? 'finding' : 'findings'}
        titleComponent={<ChartLabel style={TITLE} />}
        width={176}
        height={176}
        padding={4}
        allowTooltip={false}
      />
    </div>
  );
}
