/** What a job would do, while it is being written. */
import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  Content,
  DescriptionList,
  ExpandableSection,
  Label,
  LabelGroup,
  List,
  ListItem,
  Spinner,
} from '@patternfly/react-core';
import { Fact } from '../display/fact.tsx';
import { formatBytes, formatCount, formatThings } from '../display/format-number.ts';
import type { Preview, PreviewedRepository } from './preview.ts';

/** The reasons of the API in words. */
const REASONS: Readonly<Record<string, string>> = {
  'tag-name': 'not named',
  'pushed-before': 'pushed before the wanted dates',
  'pushed-after': 'pushed after the wanted dates',
  'pushed-unknown': 'of unknown age',
  'limit-age': 'too old for the limit',
  'limit-unknown-age': 'of unknown age, for the limit',
  'limit-count': 'beyond the latest that the limit takes',
};

export function PreviewPanel({
  preview,
  isBusy,
  problem,
}: {
  readonly preview: Preview | undefined;
  readonly isBusy: boolean;
  readonly problem?: string | undefined;
}) {
  return (
    <Card variant="secondary" isPlain>
      <CardTitle component="h3">
        What would be scanned {isBusy && <Spinner size="md" aria-label="Asking the registry" />}
      </CardTitle>
      <CardBody aria-live="polite" aria-busy={isBusy}>
        {problem !== undefined && <Alert variant="warning" isInline isPlain title={problem} />}
        {preview === undefined ? (
          problem === undefined && (
            <Content>{isBusy ? 'The registry is asked.' : 'Name a repository to see it.'}</Content>
          )
        ) : (
          <Found preview={preview} />
        )}
      </CardBody>
    </Card>
  );
}

function Found({
  preview: { repositories, tags, images, estimate, listed, explanation = [], warnings },
}: {
  readonly preview: Preview;
}) {
  const excluded = Object.entries(tags.excluded).filter(([, count]) => (count ?? 0) > 0);
  return (
    <>
      <DescriptionList isCompact isHorizontal>
        <Fact isNumber term="Repositories">
          {formatCount(repositories.matched)} of {formatCount(repositories.known)}
        </Fact>
        <Fact isNumber term="Tags">
          {formatCount(tags.matched)} of {formatCount(tags.seen)}
        </Fact>
        {excluded.map(([reason, count]) => (
          <Fact key={reason} term="Left out">
            {formatThings(count ?? 0, 'tag')} {REASONS[reason] ?? reason}
          </Fact>
        ))}
        <Fact isNumber term="Images to scan">
          {formatCount(images.toScan)}
        </Fact>
        {images.skippedKnown > 0 && (
          <Fact isNumber term="Already scanned">
            {formatCount(images.skippedKnown)}, without pulling anything
          </Fact>
        )}
        {images.skippedPlatform > 0 && (
          <Fact isNumber term="Other platforms">
            {formatCount(images.skippedPlatform)}
          </Fact>
        )}
        {images.skippedNotScannable > 0 && (
          <Fact isNumber term="Not scannable">
            {formatCount(images.skippedNotScannable)}: signatures, charts and the like
          </Fact>
        )}
        {estimate.pulls > 0 && (
          <Fact isNumber term="It costs">
            {formatBytes(estimate.bytes)} in {formatThings(estimate.pulls, 'request')}
          </Fact>
        )}
      </DescriptionList>
      {!estimate.isComplete && (
        <Alert
          variant="info"
          isInline
          isPlain
          title={`Tags and images are of the first ${formatThings(listed.length, 'repository', 'repositories')} alone.`}
        />
      )}
      {estimate.fitsRateLimit === false && (
        <Alert
          variant="warning"
          isInline
          title="This is more than the registry lets through now; the run will wait in between."
        />
      )}
      {repositories.problem !== undefined && (
        <Alert variant="warning" isInline title="The registry could not be listed">
          {repositories.problem}
        </Alert>
      )}
      {warnings.map(({ code, message, remedy }) => (
        <Alert key={`${code}${message}`} variant="warning" isInline title={message}>
          {remedy}
        </Alert>
      ))}
      {explanation.length > 0 && (
        <Alert variant="warning" isInline title="Nothing matches">
          <List>
            {explanation.map(sentence => (
              <ListItem key={sentence}>{sentence}</ListItem>
            ))}
          </List>
        </Alert>
      )}
      {listed.map(repository => (
        <Looked key={repository.repository} found={repository} />
      ))}
    </>
  );
}

function Looked({
  found: { repository, seen, matched, sample, excluded, problem },
}: {
  readonly found: PreviewedRepository;
}) {
  const reasons = Object.entries(excluded).filter(([, names]) => (names ?? []).length > 0);
  return (
    <ExpandableSection toggleText={`${repository}: ${formatCount(matched)} of ${formatThings(seen, 'tag')}`} isIndented>
      {problem !== undefined && <Alert variant="warning" isInline isPlain title={problem} />}
      {sample.length > 0 && <Names title="Selected" names={sample} colour="green" />}
      {reasons.map(([reason, names]) => (
        <Names key={reason} title={capital(REASONS[reason] ?? reason)} names={names ?? []} colour="grey" />
      ))}
    </ExpandableSection>
  );
}

function Names({
  title,
  names,
  colour,
}: {
  readonly title: string;
  readonly names: readonly string[];
  readonly colour: 'green' | 'grey';
}) {
  return (
    <LabelGroup categoryName={title} numLabels={12}>
      {names.map(name => (
        <Label key={name} isCompact color={colour} textMaxWidth="20rem">
          {name}
        </Label>
      ))}
    </LabelGroup>
  );
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
