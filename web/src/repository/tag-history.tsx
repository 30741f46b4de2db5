/** What a tag has named, latest first: how its security went with each push. */
import { Modal, ModalBody, ModalHeader } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { manifestPath } from '../display/addresses.ts';
import { shortDigest } from '../display/digest.tsx';
import { Time } from '../display/time.tsx';
import { Answer, Empty } from '../feedback/answer.tsx';
import { SecuritySummary } from '../image/security-summary.tsx';
import { tagHistoryQuery } from './repository-queries.ts';

export default function TagHistory({
  registryId,
  repository,
  tag,
  onClose,
}: {
  readonly registryId: string;
  readonly repository: string;
  readonly tag: string;
  readonly onClose: () => void;
}) {
  const history = useQuery(tagHistoryQuery(registryId, repository, tag));
  const [now, before] = history.data ?? [];
  return (
    <Modal isOpen onClose={onClose} variant="large" aria-labelledby="plimsoll-history">
      <ModalHeader
        title={`History of ${tag}`}
        labelId="plimsoll-history"
        description="What it named, as far as runs have seen it."
      />
      <ModalBody tabIndex={0} aria-label="History">
        <Answer
          of={history}
          what="the history"
          isEmpty={items => items.length === 0}
          empty={<Empty title="Nothing is known of this tag" />}
        >
          {items => (
            <Table aria-label={`History of ${tag}`} variant="compact" gridBreakPoint="grid-lg">
              <Thead>
                <Tr>
                  <Th>Manifest</Th>
                  <Th>Since</Th>
                  <Th>Until</Th>
                  <Th>Security</Th>
                </Tr>
              </Thead>
              <Tbody>
                {items.map(({ digest, startedAt, endedAt, kind, scan }) => {
                  const to = manifestPath(digest, { registryId, repository, tag });
                  return (
                    <Tr key={`${digest} ${startedAt}`}>
                      <Td dataLabel="Manifest">
                        <Link to={to}>
                          <code>{shortDigest(digest)}</code>
                        </Link>
                      </Td>
                      <Td dataLabel="Since">
                        <Time at={startedAt} />
                      </Td>
                      <Td dataLabel="Until">
                        <Time at={endedAt} missing="Now" />
                      </Td>
                      <Td dataLabel="Security">
                        {kind === 'index' ? (
                          <Link to={to}>By platform</Link>
                        ) : (
                          <SecuritySummary scan={scan} to={to} of={`${tag} since ${startedAt}`} />
                        )}
                      </Td>
                    </Tr>
                  );
                })}
              </Tbody>
            </Table>
          )}
        </Answer>
        {now?.kind === 'image' && before?.kind === 'image' && now.digest !== before.digest && (
          <Link to={manifestPath(before.digest, { registryId, repository, tag }, { tab: 'compare', with: now.digest })}>
            What changed with the last push
          </Link>
        )}
      </ModalBody>
    </Modal>
  );
}
