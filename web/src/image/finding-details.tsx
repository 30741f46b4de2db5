/** Everything that is known of a finding: what it is, why it is told, how bad, where it lies, and where to read on. */
import { DescriptionList } from '@patternfly/react-core';
import { Link } from 'react-router';
import type { Finding, Layer } from '../api/model.ts';
import { vulnerabilityPath } from '../display/addresses.ts';
import { Fact } from '../display/fact.tsx';
import { severityLabel } from '../display/severity.tsx';
import { OutsideLink } from './outside-link.tsx';

const MAX_REFERENCES = 30;

export function FindingDetails({ finding, layer }: { readonly finding: Finding; readonly layer: Layer | undefined }) {
  const evidence = readEvidence(finding.evidence);
  const rule = readRule(finding.waivedBy);
  const { cvss, references, aliases, epss } = finding;
  const kev = readKev(finding.kev);
  return (
    <DescriptionList
      isCompact
      orientation={{ sm: 'vertical', md: 'horizontal' }}
      horizontalTermWidthModifier={{ default: '11rem' }}
    >
      <Fact term="What it is">
        <span className="plimsoll-wrap">{finding.title ?? 'Its source gives no title'}</span>
        <div>
          <Link to={vulnerabilityPath(finding.id)}>Other images that have {finding.id}</Link>
        </div>
      </Fact>
      {rule !== undefined && (
        <Fact term="Set aside">
          {rule.status}: {rule.reason}
        </Fact>
      )}
      {evidence !== undefined && (
        <Fact term="Why it is told">
          {evidence.why}
          <div className="plimsoll-quiet">
            {evidence.advisory} of {evidence.source}, for {evidence.name} in {evidence.ecosystem}
            {evidence.disputedBy !== undefined && <>; {evidence.disputedBy} disputes it</>}
          </div>
        </Fact>
      )}
      <Fact term="Severity">
        {severityLabel(finding.severity)}
        {finding.severitySource !== null && <span className="plimsoll-quiet"> by {finding.severitySource}</span>}
        {cvss.map(({ vector, version, score, origin }) => (
          <div key={`${vector} ${origin}`} className="plimsoll-name">
            CVSS {version}: <strong>{score.toFixed(1)}</strong> <code>{vector}</code>{' '}
            <span className="plimsoll-quiet">{origin}</span>
          </div>
        ))}
      </Fact>
      {epss !== null && (
        <Fact term="EPSS">
          {(epss.probability * 100).toFixed(2)} % in the next 30 days
          {epss.percentile !== null && `, more than ${(epss.percentile * 100).toFixed(0)} % of all`}
        </Fact>
      )}
      {kev !== undefined && (
        <Fact term="Known exploited">
          In CISA’s catalogue since {kev.added}
          {kev.due !== undefined && `, due ${kev.due}`}
          {kev.isRansomware && ', used by ransomware'}
          {kev.action !== undefined && <div>{kev.action}</div>}
        </Fact>
      )}
      <Fact term="Package">
        <code className="plimsoll-name">{finding.package.purl}</code>
        {finding.package.locations.map(path => (
          <div key={path} className="plimsoll-name plimsoll-quiet">
            {path}
          </div>
        ))}
      </Fact>
      <Fact term="Introduced in">
        {layer === undefined ? (
          'No layer'
        ) : (
          <>
            Layer {layer.position + 1}
            <div>
              <code className="plimsoll-wrap">{layer.createdBy ?? 'Its instruction is not recorded'}</code>
            </div>
          </>
        )}
      </Fact>
      {aliases.length > 0 && <Fact term="Also called">{aliases.join(', ')}</Fact>}
      {references.length > 0 && (
        <Fact term="References">
          <ul className="plimsoll-list">
            {references.slice(0, MAX_REFERENCES).map(url => (
              <li key={url} className="plimsoll-name">
                <OutsideLink url={url} />
              </li>
            ))}
          </ul>
          {references.length > MAX_REFERENCES && `and ${references.length - MAX_REFERENCES} more`}
        </Fact>
      )}
    </DescriptionList>
  );
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readEvidence(value: unknown) {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  const { why, advisory, source, name, ecosystem, disputedBy } = fields;
  return {
    why: text(why) ?? '',
    advisory: text(advisory) ?? '',
    source: text(source) ?? '',
    name: text(name) ?? '',
    ecosystem: text(ecosystem) ?? '',
    disputedBy: text(disputedBy),
  };
}

/** The rule that sets a finding aside: a statement of its maker, for example. */
export function readRule(value: unknown) {
  const fields = fieldsOf(value);
  return fields === undefined
    ? undefined
    : { status: text(fields['status']) ?? '', reason: text(fields['reason']) ?? '' };
}

/** An entry of CISA's catalogue. */
export function readKev(value: unknown) {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  return {
    added: text(fields['added']) ?? '',
    due: text(fields['due']),
    isRansomware: fields['isRansomware'] === true,
    action: text(fields['action']),
  };
}
