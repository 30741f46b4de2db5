/** Fields of forms: label, value, help, and what the server said is wrong with it. */
import {
  Checkbox,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextArea,
  TextInput,
} from '@patternfly/react-core';
import { type ReactNode, useId } from 'react';
import type { Violation } from '../api/model.ts';

interface Common {
  readonly label: string;
  readonly help?: ReactNode;
  readonly isRequired?: boolean;
  readonly isDisabled?: boolean;
  /** What is wrong with it, as the server says. */
  readonly wrong?: readonly Violation[] | undefined;
}

/** A line of text, or several with `rows`. */
export function TextField({
  value,
  onChange,
  type = 'text',
  rows,
  placeholder,
  autoComplete,
  ...common
}: Common & {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'text' | 'password' | 'email' | 'url' | 'number' | 'time' | 'date';
  readonly rows?: number;
  readonly placeholder?: string;
  readonly autoComplete?: string;
}) {
  const id = useId();
  const shared = {
    id,
    value,
    isRequired: common.isRequired === true,
    isDisabled: common.isDisabled === true,
    validated: isWrong(common.wrong) ? ('error' as const) : ('default' as const),
    'aria-describedby': `${id}-help`,
    ...(placeholder === undefined ? {} : { placeholder }),
  };
  return (
    <Labelled id={id} {...common}>
      {rows === undefined ? (
        <TextInput
          {...shared}
          type={type}
          autoComplete={autoComplete ?? 'off'}
          onChange={(_, text) => onChange(text)}
        />
      ) : (
        <TextArea
          {...shared}
          rows={rows}
          resizeOrientation="vertical"
          spellCheck={false}
          onChange={(_, text) => onChange(text)}
        />
      )}
    </Labelled>
  );
}

/** One of a few. */
export function SelectField<T extends string>({
  value,
  onChange,
  options,
  ...common
}: Common & {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly options: readonly { readonly value: T; readonly label: string; readonly isDisabled?: boolean }[];
}) {
  const id = useId();
  return (
    <Labelled id={id} {...common}>
      <FormSelect
        id={id}
        value={value}
        isDisabled={common.isDisabled === true}
        validated={isWrong(common.wrong) ? 'error' : 'default'}
        aria-describedby={`${id}-help`}
        onChange={(_, chosen) => {
          const option = options.find(({ value: own }) => own === chosen);
          if (option !== undefined) onChange(option.value);
        }}
      >
        {options.map(option => (
          <FormSelectOption
            key={option.value}
            value={option.value}
            label={option.label}
            isDisabled={option.isDisabled === true}
          />
        ))}
      </FormSelect>
    </Labelled>
  );
}

/** Yes or no. */
export function CheckField({
  label,
  help,
  isDisabled = false,
  isChecked,
  onChange,
  wrong,
}: Common & { readonly isChecked: boolean; readonly onChange: (isChecked: boolean) => void }) {
  const id = useId();
  return (
    <FormGroup>
      <Checkbox
        id={id}
        label={label}
        description={help}
        isDisabled={isDisabled}
        isChecked={isChecked}
        onChange={(_, checked) => onChange(checked)}
      />
      <Wrong violations={wrong} />
    </FormGroup>
  );
}

/** A label around something, with help and mistakes below. */
function Labelled({
  id,
  label,
  help,
  isRequired = false,
  wrong,
  children,
}: Common & { readonly id: string; readonly children: ReactNode }) {
  return (
    <FormGroup label={label} fieldId={id} isRequired={isRequired}>
      {children}
      <div id={`${id}-help`}>
        <Wrong violations={wrong} />
        {help !== undefined && (
          <FormHelperText>
            <HelperText>
              <HelperTextItem>{help}</HelperTextItem>
            </HelperText>
          </FormHelperText>
        )}
      </div>
    </FormGroup>
  );
}

/** Mistakes, each with what to do. */
export function Wrong({ violations = [] }: { readonly violations?: readonly Violation[] | undefined }) {
  if (violations.length === 0) return null;
  return (
    <FormHelperText>
      <HelperText isLiveRegion>
        {violations.map(({ code, message, remedy }) => (
          <HelperTextItem key={`${code}${message}`} variant="error">
            {remedy === undefined ? message : `${message}. ${remedy}.`}
          </HelperTextItem>
        ))}
      </HelperText>
    </FormHelperText>
  );
}

function isWrong(violations: readonly Violation[] | undefined): boolean {
  return violations !== undefined && violations.length > 0;
}
