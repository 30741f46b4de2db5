/** A connection test, step by step, with what to do about what failed, and the certificates that were shown. */
import {
  Button,
  Content,
  DescriptionList,
  ExpandableSection,
  ProgressStep,
  ProgressStepper,
} from '@patternfly/react-core';
import { useState } from 'react';
import { CopyButton } from '../display/copy.tsx';
import { Fact } from '../display/fact.tsx';
import { formatSpan } from '../display/format-time.ts';
import { Time } from '../display/time.tsx';
import { type ProbeCertificate, type ProbeStep, STEP_TITLES } from './probe-step.ts';

const VARIANTS = { ok: 'success', warning: 'warning', failed: 'danger', skipped: 'pending' } as const;
const WORDS = { ok: 'works', warning: 'works, with a warning', failed: 'failed', skipped: 'skipped' } as const;

/** `onTrust` is offered for certificates that are not trusted. */
export function ProbeTrace({
  steps,
  onTrust,
}: {
  readonly steps: readonly ProbeStep[];
  readonly onTrust?: ((pem: string) => void) | undefined;
}) {
  return (
    <ProgressStepper isVertical aria-label="Steps of the test">
      {steps.map(({ step, result, detail, remedy, durationMs, certificates }) => (
        <ProgressStep
          key={step}
          id={`probe-${step}`}
          titleId={`probe-${step}-title`}
          variant={VARIANTS[result]}
          aria-label={`${STEP_TITLES[step] ?? step} ${WORDS[result]}`}
          description={
            <Content>
              <div className="plimsoll-name">
                {detail}
                {result !== 'skipped' && <span className="plimsoll-quiet"> · {formatSpan(durationMs)}</span>}
              </div>
              {remedy !== undefined && (
                <div className="plimsoll-name">
                  <strong>What to do:</strong> {remedy}
                </div>
              )}
              {certificates !== undefined && certificates.length > 0 && (
                <Certificates chain={certificates} onTrust={onTrust} />
              )}
            </Content>
          }
        >
          {STEP_TITLES[step] ?? step}
        </ProgressStep>
      ))}
    </ProgressStepper>
  );
}

function Certificates({
  chain,
  onTrust,
}: {
  readonly chain: readonly ProbeCertificate[];
  readonly onTrust: ((pem: string) => void) | undefined;
}) {
  const [isOpen, setOpen] = useState(true);
  return (
    <ExpandableSection
      toggleText="Certificates that the server showed"
      isExpanded={isOpen}
      onToggle={(_, open) => setOpen(open)}
      isIndented
    >
      {chain.map(({ subject, issuer, validFrom, validTo, fingerprint, pem }, place) => (
        <div key={fingerprint} className="plimsoll-certificate">
          <DescriptionList isCompact isHorizontal>
            <Fact term={place === 0 ? 'Of the server' : 'Of an authority'}>{subject}</Fact>
            <Fact term="Issued by">{issuer === subject ? 'itself' : issuer}</Fact>
            <Fact term="Valid">
              <Time at={validFrom} /> to <Time at={validTo} />
            </Fact>
            <Fact term="SHA-256">
              <code className="plimsoll-name">{fingerprint}</code>
            </Fact>
          </DescriptionList>
          {onTrust !== undefined && (
            <Button variant="secondary" onClick={() => onTrust(pem)}>
              {place === 0 && chain.length > 1 ? 'Trust this certificate' : 'Trust this CA'}
            </Button>
          )}
          <div>
            <CopyButton text={pem.trim()} what="the certificate as PEM" />
          </div>
        </div>
      ))}
      {onTrust !== undefined && (
        <p className="plimsoll-quiet">
          Compare the fingerprint with the one that whoever runs the registry tells you, before you trust it.
        </p>
      )}
    </ExpandableSection>
  );
}
