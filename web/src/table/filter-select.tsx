/** A filter of a list with fixed values: one of them, or several. Part of the address. */
import { Badge, MenuToggle, Select, SelectList, SelectOption } from '@patternfly/react-core';
import { useState } from 'react';
import type { ListViewState } from './use-list-view.ts';

/** A value, and what it is called. */
export interface FilterOption {
  readonly value: string;
  readonly label: string;
}

export function FilterSelect({
  view,
  name,
  label,
  options,
  isSeveral = false,
}: {
  readonly view: ListViewState;
  /** The parameter in the address. */
  readonly name: string;
  /** `Severity`. */
  readonly label: string;
  readonly options: readonly FilterOption[];
  readonly isSeveral?: boolean;
}) {
  const [isOpen, setOpen] = useState(false);
  const chosen = view.filters[name] ?? [];
  const [first] = chosen;
  const one = isSeveral ? undefined : options.find(({ value }) => value === first)?.label;
  const choose = (value: string) => {
    const next = chosen.includes(value)
      ? chosen.filter(known => known !== value)
      : isSeveral
        ? [...chosen, value]
        : [value];
    view.change({ filters: { [name]: next } });
    if (!isSeveral) setOpen(false);
  };
  return (
    <Select
      aria-label={label}
      role={isSeveral ? 'menu' : 'listbox'}
      isOpen={isOpen}
      onOpenChange={setOpen}
      selected={[...chosen]}
      onSelect={(_, value) => choose(String(value))}
      toggle={ref => (
        <MenuToggle
          ref={ref}
          isExpanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          {...(isSeveral && chosen.length > 0
            ? { badge: <Badge screenReaderText="chosen">{chosen.length}</Badge> }
            : {})}
        >
          {one ?? label}
        </MenuToggle>
      )}
    >
      <SelectList>
        {options.map(({ value, label: text }) => (
          <SelectOption key={value} value={value} hasCheckbox={isSeveral} isSelected={chosen.includes(value)}>
            {text}
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}
