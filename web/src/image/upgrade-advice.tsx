/** What to do: upgrades, the most helpful first. */
import {
  Button,
  Card,
  CardBody,
  CardTitle,
  DataList,
  DataListCell,
  DataListItem,
  DataListItemCells,
  DataListItemRow,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Upgrade } from '../api/model.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { SeverityCounts } from '../display/severity.tsx';
import { Answer } from '../feedback/answer.tsx';
import { upgradesQuery } from './image-queries.ts';

const FIRST = 4;

export function UpgradeAdvice({ digest }: { readonly digest: string }) {
  const upgrades = useQuery(upgradesQuery(digest));
  const [isAll, setAll] = useState(false);
  const all = upgrades.data ?? [];
  const hidden = all.length - FIRST;
  return (
    <Card isCompact>
      <CardTitle component="h2">What to do</CardTitle>
      <CardBody>
        <Answer
          of={upgrades}
          what="what to do"
          isEmpty={items => items.length === 0}
          empty={<p className="plimsoll-quiet">No upgrade helps: nothing that was found has a fix.</p>}
        >
          {items => (
            <>
              <DataList aria-label="Upgrades" isCompact>
                {(isAll ? items : items.slice(0, FIRST)).map((upgrade, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: two versions of a library may be told to go to the same one
                  <UpgradeRow key={`${upgrade.name} ${at}`} upgrade={upgrade} />
                ))}
              </DataList>
              {hidden > 0 && (
                <Button variant="link" onClick={() => setAll(!isAll)} aria-expanded={isAll}>
                  {isAll ? 'Show fewer' : `Show ${formatThings(hidden, 'more upgrade')}`}
                </Button>
              )}
            </>
          )}
        </Answer>
      </CardBody>
    </Card>
  );
}

function UpgradeRow({ upgrade }: { readonly upgrade: Upgrade }) {
  const { name, version, packages, fixedCount, knownExploitedCount, unfixedCount, bySeverity } = upgrade;
  const installed = [...new Set(packages.map(one => one.version))];
  const others = [...new Set(packages.map(one => one.name))].filter(one => one !== name);
  return (
    <DataListItem>
      <DataListItemRow>
        <DataListItemCells
          dataListCells={[
            <DataListCell key="what" width={3} className="plimsoll-name">
              <strong>{name}</strong> {installed.join(', ')} → <strong>{version}</strong>
              {others.length > 0 && <div className="plimsoll-quiet">{others.join(', ')}</div>}
            </DataListCell>,
            <DataListCell key="worth" width={2}>
              fixes <strong>{formatCount(fixedCount)}</strong>
              {knownExploitedCount > 0 && <>, {formatCount(knownExploitedCount)} known exploited</>}
              {unfixedCount > 0 && <span className="plimsoll-quiet">; {formatCount(unfixedCount)} stay</span>}
              <SeverityCounts counts={bySeverity} what="Fixed" />
            </DataListCell>,
          ]}
        />
      </DataListItemRow>
    </DataListItem>
  );
}
