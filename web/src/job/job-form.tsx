/** The settings of a scan job: what, when, and a preview that is renewed as one writes. Each mistake is beside its field, as the server names it. */
import {
  Alert,
  ExpandableSection,
  Form,
  FormGroup,
  FormHelperText,
  FormSection,
  Grid,
  GridItem,
  HelperText,
  HelperTextItem,
  Radio,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import type { Registry, RegistryProduct } from '../api/model.ts';
import { sentenceOf } from '../feedback/answer.tsx';
import { CheckField, SelectField, TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { type Mistakes, mistakesOf } from '../form/violations.ts';
import { type JobDraft, toSettings } from './job-draft.ts';
import { previewQuery } from './job-queries.ts';
import { PreviewPanel } from './preview-panel.tsx';
import { RecurrenceFields } from './recurrence-fields.tsx';
import { scanAllRefusal } from './recurrence-hint.ts';
import { TargetsFields } from './targets-fields.tsx';

/** Typing rests this long before the registry is asked. */
const REST_MS = 700;
/** Fields that show their own mistakes. */
const FIELDS = [
  'name',
  'targets',
  'filters',
  'recurrence',
  'scanAllImages',
  'limit',
  'platforms',
  'sensorSelector',
  'patternMode',
];

export function JobForm({
  draft,
  onChange,
  registry,
  product,
  isNew,
  error,
}: {
  readonly draft: JobDraft;
  readonly onChange: (draft: JobDraft) => void;
  readonly registry: Registry;
  readonly product: RegistryProduct;
  /** The type of a job that is kept never changes. */
  readonly isNew: boolean;
  /** Of saving. */
  readonly error: unknown;
}) {
  const rested = useRested(draft, REST_MS);
  const settings = useMemo(() => toSettings(rested), [rested]);
  const preview = useQuery({ ...previewQuery(registry.id, settings), enabled: settings.targets.length > 0 });
  const hasViolations = preview.error instanceof ApiProblem && preview.error.violations.length > 0;
  const mistakes = mistakesOf(error ?? (hasViolations ? preview.error : undefined));
  const set = (change: Partial<JobDraft>) => onChange({ ...draft, ...change });
  const problem = hasViolations
    ? 'Correct what is marked to see it.'
    : preview.isError
      ? sentenceOf(preview.error)
      : undefined;
  return (
    <Grid hasGutter>
      <GridItem lg={7}>
        <Form onSubmit={event => event.preventDefault()}>
          <FormFailure error={error} title="The scan job was not saved" fields={FIELDS} />
          <TextField
            label="Name of the scan job"
            isRequired
            value={draft.name}
            onChange={name => set({ name })}
            wrong={mistakes.of('name')}
          />
          <FormGroup role="radiogroup" label="Scan type">
            <Radio
              id="scan-type-on-demand"
              name="scan-type"
              label="On Demand"
              description="Once, now. Repositories and tags, by name and pushed date."
              isChecked={draft.scanType === 'OnDemand'}
              isDisabled={!isNew}
              onChange={() => set({ scanType: 'OnDemand' })}
            />
            <Radio
              id="scan-type-automatic"
              name="scan-type"
              label="Automatic"
              description="Again and again, by a recurrence. Whole repositories."
              isChecked={draft.scanType === 'Automatic'}
              isDisabled={!isNew}
              onChange={() =>
                set({
                  scanType: 'Automatic',
                  scanAllImages:
                    draft.scanAllImages && scanAllRefusal({ ...draft, scanType: 'Automatic' }) === undefined,
                })
              }
            />
          </FormGroup>
          <TargetsFields
            draft={draft}
            product={product}
            registryId={registry.id}
            mistakes={mistakes}
            onChange={targets => set({ targets })}
          />
          {draft.scanType === 'OnDemand' && (
            <PushedFields draft={draft} product={product} set={set} mistakes={mistakes} />
          )}
          <RecurrenceFields draft={draft} set={set} mistakes={mistakes} />
          <ScanAllFields draft={draft} set={set} mistakes={mistakes} />
          <MoreFields draft={draft} set={set} mistakes={mistakes} />
        </Form>
      </GridItem>
      <GridItem lg={5}>
        <PreviewPanel
          preview={hasViolations ? undefined : preview.data}
          isBusy={preview.isFetching}
          problem={problem}
        />
      </GridItem>
    </Grid>
  );
}

interface FieldsProps {
  readonly draft: JobDraft;
  readonly set: (change: Partial<JobDraft>) => void;
  readonly mistakes: Mistakes;
}

function PushedFields({ draft, product, set, mistakes }: FieldsProps & { readonly product: RegistryProduct }) {
  const isCustom = draft.pushed === 'custom' || draft.pushed === 'exactly';
  return (
    <>
      <SelectField
        label="Pushed"
        value={draft.pushed}
        onChange={pushed => set({ pushed })}
        options={[
          { value: 'all', label: 'At any time' },
          { value: 'today', label: 'Today' },
          { value: 'yesterday', label: 'Yesterday' },
          { value: '7', label: 'In the last 7 days' },
          { value: '14', label: 'In the last 14 days' },
          { value: '30', label: 'In the last 30 days' },
          { value: '90', label: 'In the last 90 days' },
          { value: 'custom', label: 'In the last … days' },
          ...(draft.patternMode === 'extended' ? [{ value: 'exactly' as const, label: 'Exactly … days ago' }] : []),
        ]}
        help={
          product.capabilities.pushedDate
            ? 'Judged at every launch; tags and date must both fit.'
            : `${product.label} does not tell when images were pushed: prefer tags.`
        }
        wrong={isCustom ? mistakes.of('filters.pushed.kind') : mistakes.of('filters')}
      />
      {isCustom && (
        <TextField
          label="Days"
          type="number"
          isRequired
          value={draft.pushedDays}
          onChange={pushedDays => set({ pushedDays })}
          wrong={mistakes.of('filters.pushed')}
          help="1 to 3650"
        />
      )}
      {draft.pushed !== 'all' && <UnknownAge draft={draft} set={set} />}
    </>
  );
}

function ScanAllFields({ draft, set, mistakes }: FieldsProps) {
  const refusal = scanAllRefusal(draft);
  return (
    <FormSection>
      <CheckField
        label="Scan all images"
        help={refusal ?? 'Every run scans every image within a limit, also those that have been scanned.'}
        isDisabled={refusal !== undefined && !draft.scanAllImages}
        isChecked={draft.scanAllImages}
        onChange={scanAllImages => set({ scanAllImages })}
        wrong={mistakes.of('scanAllImages')}
      />
      {draft.scanAllImages && (
        <FormGroup role="radiogroup" label="Limit" isRequired>
          <Radio
            id="limit-days"
            name="limit"
            label="Images pushed in the last days"
            isChecked={draft.limit === 'pushedWithinDays'}
            onChange={() => set({ limit: 'pushedWithinDays' })}
            body={
              draft.limit === 'pushedWithinDays' && (
                <TextField
                  label="Days"
                  type="number"
                  value={draft.limitDays}
                  onChange={limitDays => set({ limitDays })}
                  wrong={mistakes.of('limit')}
                  help="1 to 365"
                />
              )
            }
          />
          <Radio
            id="limit-count"
            name="limit"
            label="Latest images of each repository"
            isChecked={draft.limit === 'latestPerRepository'}
            onChange={() => set({ limit: 'latestPerRepository' })}
            body={
              draft.limit === 'latestPerRepository' && (
                <TextField
                  label="Images"
                  type="number"
                  value={draft.limitCount}
                  onChange={limitCount => set({ limitCount })}
                  wrong={mistakes.of('limit')}
                  help="1 to 1000"
                />
              )
            }
          />
          <FormHelperText>
            <HelperText>
              <HelperTextItem>
                The limit counts tags, after names and dates have been matched, at every launch.
              </HelperTextItem>
            </HelperText>
          </FormHelperText>
          {draft.limit === 'pushedWithinDays' && <UnknownAge draft={draft} set={set} />}
        </FormGroup>
      )}
    </FormSection>
  );
}

function UnknownAge({ draft, set }: Omit<FieldsProps, 'mistakes'>) {
  return (
    <CheckField
      label="Take images of unknown age, too"
      isChecked={draft.includeUnknownAge}
      onChange={includeUnknownAge => set({ includeUnknownAge })}
    />
  );
}

function MoreFields({ draft, set, mistakes }: FieldsProps) {
  const [isOpen, setOpen] = useState(false);
  const hasMistakes = ['platforms', 'sensorSelector', 'patternMode'].some(field => mistakes.of(field).length > 0);
  return (
    <ExpandableSection
      toggleText="Platforms, sensors, patterns"
      isExpanded={isOpen || hasMistakes}
      onToggle={(_, open) => setOpen(open)}
      isIndented
    >
      <FormSection>
        <TextField
          label="Platforms"
          value={draft.platforms}
          onChange={platforms => set({ platforms })}
          help="Which images of a multi-architecture one: linux/amd64, linux/arm64"
          wrong={mistakes.of('platforms')}
        />
        <TextField
          label="Labels of sensors"
          value={draft.sensorLabels}
          onChange={sensorLabels => set({ sensorLabels })}
          placeholder="zone=dc1"
          help="Only sensors that have all of these; any when empty."
          wrong={mistakes.of('sensorSelector')}
        />
        <SelectField
          label="Patterns"
          value={draft.patternMode}
          onChange={patternMode => set({ patternMode })}
          options={[
            { value: 'wildcard', label: 'Wildcards: .*, value*, *value' },
            { value: 'extended', label: 'Also glob: and re:' },
          ]}
          wrong={mistakes.of('patternMode')}
        />
        {draft.patternMode === 'extended' && (
          <Alert
            variant="info"
            isInline
            isPlain
            title="glob:team/*/app has * within a path segment and ** across them; re:v[0-9]+ is a regular expression over the whole name (RE2)."
          />
        )}
      </FormSection>
    </ExpandableSection>
  );
}

/** A value as it was when it last rested. */
function useRested<T>(value: T, ms: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return rested;
}
