/** Test results of an image: each check with what was found, why it matters and what to do. Ours first, then what clients said. */
import {
  Content,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  ExpandableSection,
  Label,
  type LabelProps,
  Tab,
  Tabs,
  TabTitleText,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { CheckResult, ProjectImage, TestResult } from '../api/model.ts';
import { Fact } from '../display/fact.tsx';
import { Time } from '../display/time.tsx';
import { Answer, Empty } from '../feedback/answer.tsx';
import { testResultsQuery } from './project-queries.ts';
import './project.css';

export function TestResults({ image }: { readonly image: ProjectImage }) {
  const results = useQuery(testResultsQuery(image.id));
  const isUnderWay = image.scan.state === 'pending' || image.scan.state === 'running';
  return (
    <Answer
      of={results}
      what="test results"
      isEmpty={items => items.length === 0}
      empty={
        <Empty title={isUnderWay ? 'The checks are running' : 'The checks have not run'}>
          {isUnderWay
            ? 'This page follows them by itself.'
            : (image.scan.message ?? 'They run when the image is read.')}
        </Empty>
      }
    >
      {items => <Latest results={items} />}
    </Answer>
  );
}

const ORIGINS: Readonly<Record<TestResult['origin'], string>> = {
  verified: 'By this server',
  reported: 'Reported by a client',
};

/** The latest of each origin. */
function Latest({ results }: { readonly results: readonly TestResult[] }) {
  const shown = (['verified', 'reported'] as const).flatMap(origin => results.find(one => one.origin === origin) ?? []);
  const [wanted, setWanted] = useState<string>();
  const result = shown.find(({ origin }) => origin === wanted) ?? shown[0];
  if (result === undefined) return null;
  const older = results.filter(({ origin }) => origin === result.origin).length - 1;
  return (
    <>
      {shown.length > 1 && (
        <Tabs
          activeKey={result.origin}
          onSelect={(_, key) => setWanted(String(key))}
          aria-label="Whose results"
          className="plimsoll-before"
        >
          {shown.map(({ origin }) => (
            <Tab
              key={origin}
              eventKey={origin}
              title={<TabTitleText>{ORIGINS[origin]}</TabTitleText>}
              tabContentId="test-result"
            />
          ))}
        </Tabs>
      )}
      <div id="test-result" {...(shown.length > 1 ? { role: 'tabpanel', 'aria-label': ORIGINS[result.origin] } : {})}>
        <p className="plimsoll-before plimsoll-quiet">
          {ORIGINS[result.origin]}, <Time at={result.createdAt} />
          {result.policy !== null && `, by the policy ${result.policy}`}
          {older > 0 && `; it was another before`}
        </p>
        {result.gate !== null && (
          <p className="plimsoll-before plimsoll-name">
            <OutcomeLabel outcome={result.gate.outcome === 'passed' ? 'passed' : 'failed'} /> Known weaknesses:{' '}
            {result.gate.summary}
          </p>
        )}
        {result.checks.length === 0 && (
          <Content>{result.isPassed ? 'It says that all passed, and no more.' : 'It names no checks.'}</Content>
        )}
        <Checks checks={result.checks} />
      </div>
    </>
  );
}

/** Checks with what came of them; what must be done is open. */
export function Checks({ checks }: { readonly checks: readonly CheckResult[] }) {
  return (
    <ul className="plimsoll-checks">
      {checks.map(check => (
        <li key={check.name}>
          <Check check={check} />
        </li>
      ))}
    </ul>
  );
}

function Check({ check }: { readonly check: CheckResult }) {
  const { name, outcome, summary, description, why, fix, found, differsFromPreflight } = check;
  const blocks = outcome === 'failed' || outcome === 'error';
  const [isOpen, setOpen] = useState(blocks);
  return (
    <ExpandableSection
      isExpanded={isOpen}
      onToggle={(_, next) => setOpen(next)}
      toggleContent={
        <span className="plimsoll-check-name">
          <OutcomeLabel outcome={outcome} /> <span className="plimsoll-name">{name}</span>
        </span>
      }
      isIndented
    >
      <DescriptionList isCompact>
        <Line term="What was found">{summary}</Line>
        {found.length > 0 && (
          <DescriptionListGroup>
            <DescriptionListTerm>Where</DescriptionListTerm>
            <DescriptionListDescription>
              <ul>
                {found.map(({ kind, subject, detail, layer }) => (
                  <li key={`${kind}${subject}${detail}${layer}`} className="plimsoll-name">
                    {kind} <code>{subject}</code>
                    {detail !== null && `: ${detail}`}
                    {layer !== null && ` (layer ${layer})`}
                  </li>
                ))}
              </ul>
            </DescriptionListDescription>
          </DescriptionListGroup>
        )}
        <Line term="What an image must have">{description}</Line>
        <Line term="Why">{why}</Line>
        {outcome !== 'passed' && <Line term="What to do">{fix}</Line>}
        <Line term="preflight says otherwise">{differsFromPreflight}</Line>
      </DescriptionList>
    </ExpandableSection>
  );
}

function Line({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  if (children === null || children === '') return null;
  return <Fact term={term}>{children}</Fact>;
}

const OUTCOMES: Readonly<
  Record<CheckResult['outcome'], readonly [string, NonNullable<LabelProps['status']> | undefined]>
> = {
  passed: ['Passed', 'success'],
  failed: ['Failed', 'danger'],
  error: ['Could not be judged', 'danger'],
  warning: ['Warning', 'warning'],
  'not-applicable': ['Not applicable', undefined],
};

function OutcomeLabel({ outcome }: { readonly outcome: CheckResult['outcome'] }) {
  const [text, status] = OUTCOMES[outcome];
  return (
    <Label variant="outline" isCompact {...(status === undefined ? {} : { status })}>
      {text}
    </Label>
  );
}
