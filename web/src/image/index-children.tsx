/** The manifests that an index lists, each with its own security: there is no report of an index itself. */

import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link, useSearchParams } from 'react-router';
import type { ChildManifest, Manifest } from '../api/model.ts';
import { manifestPath, type PlaceOf } from '../display/addresses.ts';
import { ShortDigest } from '../display/digest.tsx';
import { formatBytes } from '../display/format-number.ts';
import { platformText } from '../display/platform.ts';
import { SecuritySummary } from './security-summary.tsx';

export function IndexChildren({ manifest }: { readonly manifest: Manifest }) {
  const [params] = useSearchParams();
  const [registryId, repository, tag] = ['registry', 'repository', 'tag'].map(name => params.get(name));
  const place = registryId == null || repository == null ? undefined : { registryId, repository, tag };
  return (
    <Table aria-label="Child manifests" variant="compact" gridBreakPoint="grid-lg">
      <Thead>
        <Tr>
          <Th width={20}>Platform</Th>
          <Th>Security</Th>
          <Th>Size</Th>
          <Th>Manifest</Th>
        </Tr>
      </Thead>
      <Tbody>
        {manifest.children.map(child => (
          <ChildRow key={child.digest} child={child} place={place} />
        ))}
      </Tbody>
    </Table>
  );
}

const KINDS: Readonly<Record<ChildManifest['kind'], string | undefined>> = {
  image: undefined,
  index: 'Index',
  attestation: 'Statement about another one',
  artifact: 'Not an image',
};

function ChildRow({ child, place }: { readonly child: ChildManifest; readonly place: PlaceOf | undefined }) {
  const platform = KINDS[child.kind] ?? platformText(child.platform);
  const to = manifestPath(child.digest, place);
  const isKnown = child.sizeBytes !== null || child.scan !== null;
  return (
    <Tr>
      <Td dataLabel="Platform">{isKnown ? <Link to={to}>{platform}</Link> : platform}</Td>
      <Td dataLabel="Security">
        {child.kind !== 'image' ? (
          <span className="plimsoll-quiet">Nothing to scan</span>
        ) : isKnown ? (
          <SecuritySummary scan={child.scan} to={to} of={platform} />
        ) : (
          <span className="plimsoll-quiet">Not read: no scan job wanted this platform</span>
        )}
      </Td>
      <Td dataLabel="Size" className="plimsoll-numbers">
        {child.sizeBytes === null ? '–' : formatBytes(child.sizeBytes)}
      </Td>
      <Td dataLabel="Manifest">
        <ShortDigest digest={child.digest} />
      </Td>
    </Tr>
  );
}
