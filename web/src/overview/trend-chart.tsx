/** Findings over time by severity, stacked. A picture: the table below it says the same. */
import { Chart, ChartArea, ChartAxis, ChartStack } from '@patternfly/react-charts/victory';
import { useEffect, useRef, useState } from 'react';
import type { Overview } from '../api/model.ts';
import { formatCount } from '../display/format-number.ts';
import { SEVERITIES, severityColour } from '../display/severity.tsx';

const HEIGHT = 220;
const MAX_LABELS = 6;
/** In the colours of the page, which the chart does not know. */
const AXIS = {
  axis: { stroke: 'var(--pf-t--global--border--color--default)' },
  grid: { stroke: 'var(--pf-t--global--border--color--default)' },
  tickLabels: { fill: 'var(--pf-t--global--text--color--subtle)' },
};

export default function TrendChart({ trend }: { readonly trend: Overview['trend'] }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    if (box.current === null) return undefined;
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.max(240, entry?.contentRect.width ?? 600)));
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  const every = Math.ceil(trend.length / MAX_LABELS);
  const labelled = trend.filter((_, at) => at % every === 0).map(({ day }) => day);
  return (
    <div ref={box} aria-hidden>
      <Chart width={width} height={HEIGHT} padding={{ left: 55, right: 25, top: 10, bottom: 35 }}>
        <ChartAxis tickValues={labelled} tickFormat={(day: string) => day.slice(5)} style={AXIS} />
        <ChartAxis
          dependentAxis
          showGrid
          style={AXIS}
          tickFormat={(count: number) => (count % 1 === 0 ? formatCount(count) : '')}
        />
        <ChartStack>
          {SEVERITIES.toReversed().map(severity => (
            <ChartArea
              key={severity}
              data={trend.map(({ day, counts }) => ({
                x: day,
                y: counts[severity.toLowerCase() as Lowercase<typeof severity>],
              }))}
              style={{ data: { fill: severityColour(severity), fillOpacity: 0.8, stroke: 'none' } }}
            />
          ))}
        </ChartStack>
      </Chart>
    </div>
  );
}
