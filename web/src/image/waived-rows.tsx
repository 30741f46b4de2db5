/** Findings that are set aside: by waivers, which can be ended here, or by rules; each with why. */
import { Button } from '@patternfly/react-core';
import { ExpandableRowContent, Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import type { Finding, Layer } from '../api/model.ts';
import { SeverityLabel } from '../display/severity.tsx';
import { hasRole, useSession } from '../session/session.tsx';
import type { WaivedPlace } from '../waiver/waive-dialog.tsx';
import { useEndWaiver } from '../waiver/waiver-actions.tsx';
import { untilText, WaiverReach } from '../waiver/waiver-words.tsx';
import { FindingDetails, readRule } from './finding-details.tsx';
import { findingKey } from './finding-rows.tsx';

const COLUMNS = [
  { title: 'Severity', width: 10 },
  { title: 'Vulnerability', width: 20 },
  { title: 'Package', width: 20 },
  { title: 'Why it is set aside' },
] as const;

export function WaivedRows({
  items,
  layers,
  place,
  isBusy,
}: {
  readonly items: readonly Finding[];
  readonly layers: readonly Layer[];
  readonly place: WaivedPlace | undefined;
  readonly isBusy: boolean;
}) {
  return (
    <Table
      aria-label="Waived findings"
      aria-busy={isBusy}
      variant="compact"
      isExpandable
      className="plimsoll-fixed"
      gridBreakPoint="grid-xl"
    >
      <Thead>
        <Tr>
          <Th screenReaderText="Details" className="plimsoll-fixed-toggle" />
          {COLUMNS.map(column => (
            <Th key={column.title} {...('width' in column ? { width: column.width } : {})}>
              {column.title}
            </Th>
          ))}
        </Tr>
      </Thead>
      {items.map((finding, rowIndex) => (
        <WaivedRow
          key={findingKey(finding)}
          finding={finding}
          rowIndex={rowIndex}
          layer={layers.find(({ position }) => position === finding.layer)}
          place={place}
        />
      ))}
    </Table>
  );
}

function WaivedRow({
  finding,
  rowIndex,
  layer,
  place,
}: {
  readonly finding: Finding;
  readonly rowIndex: number;
  readonly layer: Layer | undefined;
  readonly place: WaivedPlace | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  const { id, title, severity, package: own } = finding;
  return (
    <Tbody isExpanded={isOpen}>
      <Tr>
        <Td expand={{ rowIndex, isExpanded: isOpen, onToggle: () => setOpen(!isOpen), expandId: 'plimsoll-waived' }} />
        <Td dataLabel="Severity">
          <SeverityLabel severity={severity} />
        </Td>
        <Td dataLabel="Vulnerability" className="plimsoll-name">
          <button type="button" className="plimsoll-plain-link" onClick={() => setOpen(!isOpen)}>
            {id}
          </button>
          {title !== null && <div className="plimsoll-quiet plimsoll-two-lines">{title}</div>}
        </Td>
        <Td dataLabel="Package" className="plimsoll-name">
          {own.name} {own.version} <span className="plimsoll-quiet">{own.type}</span>
        </Td>
        <Td dataLabel="Why it is set aside">
          <Why finding={finding} place={place} />
        </Td>
      </Tr>
      {isOpen && (
        <Tr isExpanded>
          <Td />
          <Td colSpan={COLUMNS.length}>
            <ExpandableRowContent>
              <FindingDetails finding={finding} layer={layer} />
            </ExpandableRowContent>
          </Td>
        </Tr>
      )}
    </Tbody>
  );
}

function Why({ finding, place }: { readonly finding: Finding; readonly place: WaivedPlace | undefined }) {
  const session = useSession();
  const end = useEndWaiver();
  const { waiver, id } = finding;
  if (waiver === null) {
    const rule = readRule(finding.waivedBy);
    return (
      <div className="plimsoll-wrap">
        {rule === undefined ? 'By a rule' : `${rule.status}: ${rule.reason}`}
        <div className="plimsoll-quiet">By a rule, which holds as long as it is published</div>
      </div>
    );
  }
  return (
    <div>
      <div className="plimsoll-wrap">{waiver.reason}</div>
      <div className="plimsoll-quiet">
        By {waiver.createdBy}, {untilText(waiver.expiresOn)}.{' '}
        <WaiverReach
          scope={waiver.scope}
          registryName={registry => (registry === place?.registry?.id ? place.registry.name : undefined)}
        />
        .
      </div>
      {hasRole(session, 'operator', waiver.namespaceId) && (
        <Button
          variant="link"
          isInline
          isDanger
          aria-label={`End the waiver of ${id} in ${finding.package.name}`}
          onClick={() => void end({ id: waiver.id, vulnerability: id })}
        >
          End the waiver
        </Button>
      )}
    </div>
  );
}
