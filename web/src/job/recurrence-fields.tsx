/** When an Automatic job runs, with the rules that apply to what is chosen. */
import { FormFieldGroup, FormFieldGroupHeader, HelperText, HelperTextItem } from '@patternfly/react-core';
import { CheckField, SelectField, TextField } from '../form/fields.tsx';
import type { Mistakes } from '../form/violations.ts';
import { intervalOf, type JobDraft, WEEK_DAYS } from './job-draft.ts';
import { recurrenceHints, scanAllRefusal } from './recurrence-hint.ts';

export function RecurrenceFields({
  draft,
  set,
  mistakes,
}: {
  readonly draft: JobDraft;
  readonly set: (change: Partial<JobDraft>) => void;
  readonly mistakes: Mistakes;
}) {
  const hints = (
    <HelperText aria-live="polite">
      {recurrenceHints(draft).map(hint => (
        <HelperTextItem key={hint}>{hint}</HelperTextItem>
      ))}
    </HelperText>
  );
  if (draft.scanType === 'OnDemand') return hints;
  const days = intervalOf(draft);
  /** A recurrence under a week takes "Scan all images" away, which says why. */
  const setInterval = (change: Partial<JobDraft>) => {
    const next = { ...draft, ...change };
    set({ ...change, scanAllImages: next.scanAllImages && scanAllRefusal(next) === undefined });
  };
  return (
    <FormFieldGroup header={<FormFieldGroupHeader titleText={{ text: 'Recurrence', id: 'recurrence-title' }} />}>
      <SelectField
        label="Every"
        value={draft.interval}
        onChange={interval => setInterval({ interval })}
        options={[
          { value: '1', label: '1 day' },
          { value: '7', label: '7 days' },
          { value: '14', label: '14 days' },
          { value: '30', label: '30 days' },
          { value: 'custom', label: 'Custom' },
        ]}
        wrong={draft.interval === 'custom' ? [] : mistakes.of('recurrence.intervalDays')}
      />
      {draft.interval === 'custom' && (
        <TextField
          label="Days"
          type="number"
          isRequired
          value={draft.intervalDays}
          onChange={intervalDays => setInterval({ intervalDays })}
          help="1 to 365"
          wrong={mistakes.of('recurrence.intervalDays')}
        />
      )}
      {days === 1 && (
        <TextField
          label="Start time"
          type="time"
          isRequired
          value={draft.startTime}
          onChange={startTime => set({ startTime })}
          wrong={mistakes.of('recurrence.startTime')}
        />
      )}
      {days === 7 && (
        <>
          <SelectField
            label="On"
            value={draft.weekDay}
            onChange={weekDay => set({ weekDay })}
            options={WEEK_DAYS.map(day => ({ value: day, label: `${day.charAt(0)}${day.slice(1).toLowerCase()}` }))}
            wrong={mistakes.of('recurrence.weekDay')}
          />
          <CheckField
            label="Begin with a run at once"
            isChecked={draft.runBaselineNow}
            onChange={runBaselineNow => set({ runBaselineNow })}
          />
        </>
      )}
      {(days === 1 || days === 7) && (
        <TextField
          label="Time zone"
          value={draft.timezone}
          onChange={timezone => set({ timezone })}
          help="A name such as Europe/Madrid, or UTC"
          wrong={mistakes.of('recurrence.timezone')}
        />
      )}
      <CheckField
        label="Start on the minute"
        help="Even if other jobs of the registry start then."
        isChecked={draft.pinStart}
        onChange={pinStart => set({ pinStart })}
      />
      {hints}
    </FormFieldGroup>
  );
}
