/** Choosing repositories from what the registry lists. */
import {
  Alert,
  Button,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  SearchInput,
  Spinner,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { RegistryProduct } from '../api/model.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { Answer, sentenceOf } from '../feedback/answer.tsx';
import { newJob, toSettings } from './job-draft.ts';
import { knownRepositoriesQuery, previewQuery } from './job-queries.ts';

const MAX_SHOWN = 200;

export function RepositoryPicker({
  registryId,
  product,
  chosen: before,
  onClose,
}: {
  readonly registryId: string;
  readonly product: RegistryProduct;
  readonly chosen: readonly string[];
  /** With what was chosen; `undefined` when nothing is to change. */
  readonly onClose: (names: readonly string[] | undefined) => void;
}) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(before));
  const [search, setSearch] = useState('');
  // A preview of everything lists the registry anew, and what it finds is known from then on.
  const everything = useMemo(() => toSettings(newJob(product, { name: 'list', timezone: 'UTC' })), [product]);
  const listing = useQuery(previewQuery(registryId, everything));
  const known = useQuery({ ...knownRepositoriesQuery(registryId), enabled: !listing.isPending });
  const problem = listing.isError ? sentenceOf(listing.error) : listing.data?.repositories.problem;
  return (
    <Modal isOpen variant="medium" onClose={() => onClose(undefined)} aria-labelledby="picker-title">
      <ModalHeader title="Repositories of the registry" labelId="picker-title" />
      <ModalBody>
        {listing.isPending ? (
          <>
            <Spinner size="md" aria-label="Listing" /> A sensor lists the registry.
          </>
        ) : (
          <>
            {problem !== undefined && (
              <Alert variant="warning" isInline title="The registry does not list its repositories now">
                {problem}
              </Alert>
            )}
            <SearchInput
              aria-label="Search repositories"
              placeholder="Search repositories"
              value={search}
              onChange={(_, text) => setSearch(text)}
              onClear={() => setSearch('')}
            />
            <Answer
              of={known}
              what="repositories"
              isEmpty={({ items }) => items.length === 0}
              empty={<p>None is known. Write their names by hand.</p>}
            >
              {({ items, nextCursor }) => {
                const names = items
                  .map(({ name }) => name)
                  .filter(name => name.toLowerCase().includes(search.trim().toLowerCase()));
                return (
                  <>
                    <Table variant="compact" aria-label="Repositories">
                      <Thead>
                        <Tr>
                          <Th
                            aria-label="Choose all that are shown"
                            select={{
                              isSelected: names.length > 0 && names.every(name => chosen.has(name)),
                              onSelect: (_, isAll) =>
                                setChosen(
                                  new Set(
                                    isAll ? [...chosen, ...names] : [...chosen].filter(name => !names.includes(name)),
                                  ),
                                ),
                            }}
                          />
                          <Th>{formatThings(names.length, 'repository', 'repositories')}</Th>
                        </Tr>
                      </Thead>
                      <Tbody>
                        {names.slice(0, MAX_SHOWN).map((name, rowIndex) => (
                          <Tr key={name}>
                            <Td
                              select={{
                                rowIndex,
                                isSelected: chosen.has(name),
                                onSelect: (_, isChosen) =>
                                  setChosen(
                                    new Set(isChosen ? [...chosen, name] : [...chosen].filter(other => other !== name)),
                                  ),
                              }}
                            />
                            <Td className="plimsoll-name">{name}</Td>
                          </Tr>
                        ))}
                      </Tbody>
                    </Table>
                    {(names.length > MAX_SHOWN || nextCursor !== null) && (
                      <p className="plimsoll-quiet">There are more. Search for them, or write a wildcard.</p>
                    )}
                  </>
                );
              }}
            </Answer>
          </>
        )}
      </ModalBody>
      <ModalFooter>
        <Button onClick={() => onClose([...chosen].sort())} isDisabled={chosen.size === 0}>
          Take {formatCount(chosen.size)}
        </Button>
        <Button variant="link" onClick={() => onClose(undefined)}>
          Leave as it is
        </Button>
      </ModalFooter>
    </Modal>
  );
}
