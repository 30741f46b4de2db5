/** How many images of a registry are vulnerable, and how badly. */
import type { ImageTotals } from '../api/model.ts';
import { formatCount } from '../display/format-number.ts';
import { type Severity, SeverityCounts } from '../display/severity.tsx';

/** Vulnerable images by their worst finding. */
export function severityTotals(totals: ImageTotals): Record<Severity, number> {
  const { critical, high, medium, low, negligible, unknown } = totals;
  return { CRITICAL: critical, HIGH: high, MEDIUM: medium, LOW: low, NEGLIGIBLE: negligible, UNKNOWN: unknown };
}

/** In a cell: `3 of 12 scanned`, and by severity. Nothing scanned is not the same as nothing found. */
export function VulnerableImages({ totals }: { readonly totals: ImageTotals }) {
  if (totals.scannedImages === 0) return <span className="plimsoll-quiet">Nothing scanned yet</span>;
  const { vulnerableImages, scannedImages, undeterminedImages } = totals;
  return (
    <>
      <div className="plimsoll-numbers">
        {vulnerableImages === 0 ? 'None' : formatCount(vulnerableImages)} of {formatCount(scannedImages)} scanned
      </div>
      {vulnerableImages > 0 && <SeverityCounts counts={severityTotals(totals)} what="Vulnerable images" />}
      {undeterminedImages > 0 && <div className="plimsoll-quiet">{formatCount(undeterminedImages)} undetermined</div>}
    </>
  );
}
