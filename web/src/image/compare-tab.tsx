/** This image beside another one: what got better, what got worse, and which packages changed. */
import {
  Button,
  Card,
  CardBody,
  CardTitle,
  Form,
  FormGroup,
  Gallery,
  Label,
  TextInput,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { FindingBrief } from '../api/model.ts';
import { manifestPath, vulnerabilityPath } from '../display/addresses.ts';
import { shortDigest } from '../display/digest.tsx';
import { formatCount, formatThings } from '../display/format-number.ts';
import { SEVERITIES, SeverityCounts, SeverityLabel } from '../display/severity.tsx';
import { Answer } from '../feedback/answer.tsx';
import { tagsQuery } from '../repository/repository-queries.ts';
import { comparisonQuery } from './image-queries.ts';

const DIGEST = /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;
const FIRST = 100;

export function CompareTab({
  digest,
  registryId,
  repository,
}: {
  readonly digest: string;
  readonly registryId: string | undefined;
  readonly repository: string | undefined;
}) {
  const [params, setParams] = useSearchParams();
  const other = params.get('with') ?? '';
  const choose = (wanted: string) =>
    setParams(now => {
      const next = new URLSearchParams(now);
      next.set('with', wanted);
      return next;
    });
  return (
    <>
      {registryId !== undefined && repository !== undefined && (
        <OtherTags digest={digest} registryId={registryId} repository={repository} chosen={other} onChoose={choose} />
      )}
      <DigestForm key={other} chosen={other} onChoose={choose} />
      {DIGEST.test(other) && other !== digest && <Comparison digest={digest} other={other} />}
      {other === digest && <p>That is this image itself.</p>}
    </>
  );
}

function OtherTags({
  digest,
  registryId,
  repository,
  chosen,
  onChoose,
}: {
  readonly digest: string;
  readonly registryId: string;
  readonly repository: string;
  readonly chosen: string;
  readonly onChoose: (digest: string) => void;
}) {
  const tags = useQuery(tagsQuery(registryId, repository, undefined));
  const others = (tags.data?.items ?? []).flatMap(tag =>
    tag.kind === 'index'
      ? tag.children
          .filter(({ kind, scan }) => kind === 'image' && scan?.scannedAt != null)
          .map(child => ({
            digest: child.digest,
            name: `${tag.name} ${[child.platform.architecture, child.platform.variant].filter(Boolean).join('/')}`,
          }))
      : tag.scan?.scannedAt == null
        ? []
        : [{ digest: tag.digest, name: tag.name }],
  );
  const shown = others.filter(one => one.digest !== digest).slice(0, 24);
  if (shown.length === 0) return null;
  return (
    <Toolbar>
      <ToolbarContent>
        <ToolbarItem alignSelf="center">Compare with</ToolbarItem>
        {shown.map(one => (
          <ToolbarItem key={`${one.name} ${one.digest}`}>
            <Button
              variant={one.digest === chosen ? 'primary' : 'secondary'}
              size="sm"
              aria-pressed={one.digest === chosen}
              onClick={() => onChoose(one.digest)}
            >
              {one.name}
            </Button>
          </ToolbarItem>
        ))}
      </ToolbarContent>
    </Toolbar>
  );
}

function DigestForm({ chosen, onChoose }: { readonly chosen: string; readonly onChoose: (digest: string) => void }) {
  const [text, setText] = useState(chosen);
  const isDigest = DIGEST.test(text.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isDigest) onChoose(text.trim());
  };
  return (
    <Form isHorizontal onSubmit={submit} className="plimsoll-apart">
      <FormGroup label="Digest of the other" fieldId="plimsoll-other">
        <Toolbar>
          <ToolbarContent>
            <ToolbarItem className="plimsoll-search">
              <TextInput
                id="plimsoll-other"
                value={text}
                placeholder="sha256:…"
                validated={text.trim() === '' || isDigest ? 'default' : 'error'}
                onChange={(_, value) => setText(value)}
              />
            </ToolbarItem>
            <ToolbarItem>
              <Button type="submit" variant="secondary" isDisabled={!isDigest}>
                Compare
              </Button>
            </ToolbarItem>
          </ToolbarContent>
        </Toolbar>
      </FormGroup>
    </Form>
  );
}

function Comparison({ digest, other }: { readonly digest: string; readonly other: string }) {
  const comparison = useQuery(comparisonQuery(digest, other));
  return (
    <Answer of={comparison} what="the comparison">
      {({ gone, new: added, inBoth, packages }) => (
        <>
          <p>
            From this image to <Link to={manifestPath(other)}>{shortDigest(other)}</Link>:{' '}
            <strong>{formatThings(gone.length, 'finding')}</strong> gone,{' '}
            <strong>{formatThings(added.length, 'finding')}</strong> new, {formatCount(inBoth)} in both.
          </p>
          <Gallery hasGutter minWidths={{ default: '100%', xl: '40%' }} className="plimsoll-apart plimsoll-beside">
            <Briefs title="Better: gone" findings={gone} none="Nothing got better." />
            <Briefs title="Worse: new" findings={added} none="Nothing got worse." />
          </Gallery>
          <Card isCompact className="plimsoll-apart">
            <CardTitle component="h2">{formatThings(packages.length, 'package')} changed</CardTitle>
            <CardBody>
              {packages.length === 0 ? (
                <p className="plimsoll-quiet">Both have the same packages.</p>
              ) : (
                <Table aria-label="Packages that changed" variant="compact" gridBreakPoint="grid-lg">
                  <Thead>
                    <Tr>
                      <Th>Package</Th>
                      <Th>Change</Th>
                      <Th>Here</Th>
                      <Th>There</Th>
                    </Tr>
                  </Thead>
                  <Tbody>
                    {packages.slice(0, FIRST).map(({ type, name, kind, before, after }) => (
                      <Tr key={`${type} ${name}`}>
                        <Td dataLabel="Package" className="plimsoll-name">
                          {name} <span className="plimsoll-quiet">{type}</span>
                        </Td>
                        <Td dataLabel="Change">
                          <Label isCompact variant="outline">
                            {kind}
                          </Label>
                        </Td>
                        <Td dataLabel="Here" className="plimsoll-name">
                          {before.join(', ')}
                        </Td>
                        <Td dataLabel="There" className="plimsoll-name">
                          {after.join(', ')}
                        </Td>
                      </Tr>
                    ))}
                  </Tbody>
                </Table>
              )}
              {packages.length > FIRST && <p>and {formatCount(packages.length - FIRST)} more</p>}
            </CardBody>
          </Card>
        </>
      )}
    </Answer>
  );
}

function Briefs({
  title,
  findings,
  none,
}: {
  readonly title: string;
  readonly findings: readonly FindingBrief[];
  readonly none: string;
}) {
  const worstFirst = findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  const counts = Object.fromEntries(
    SEVERITIES.map(severity => [severity, findings.filter(one => one.severity === severity).length]),
  );
  return (
    <Card isCompact>
      <CardTitle component="h2">
        {title} ({formatCount(findings.length)})
      </CardTitle>
      <CardBody>
        {findings.length === 0 ? (
          <p className="plimsoll-quiet">{none}</p>
        ) : (
          <>
            <SeverityCounts counts={counts} what={title} />
            <Table aria-label={title} variant="compact" gridBreakPoint="grid-lg">
              <Thead>
                <Tr>
                  <Th>Severity</Th>
                  <Th>Vulnerability</Th>
                  <Th>Package</Th>
                </Tr>
              </Thead>
              <Tbody>
                {worstFirst.slice(0, FIRST).map(({ id, severity, package: one, fixedVersion }) => (
                  <Tr key={`${id} ${one.type} ${one.name} ${one.version}`}>
                    <Td dataLabel="Severity">
                      <SeverityLabel severity={severity} />
                    </Td>
                    <Td dataLabel="Vulnerability" className="plimsoll-name">
                      <Link to={vulnerabilityPath(id)} className="plimsoll-id">
                        {id}
                      </Link>
                    </Td>
                    <Td dataLabel="Package" className="plimsoll-name">
                      {one.name} {one.version}
                      {fixedVersion !== null && <span className="plimsoll-quiet"> → {fixedVersion}</span>}
                    </Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
            {findings.length > FIRST && <p>and {formatCount(findings.length - FIRST)} more</p>}
          </>
        )}
      </CardBody>
    </Card>
  );
}
