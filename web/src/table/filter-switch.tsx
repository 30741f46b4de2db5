/** A filter of a list that is on or off. Part of the address. */
import { Switch } from '@patternfly/react-core';
import type { ListViewState } from './use-list-view.ts';

export function FilterSwitch({
  view,
  name,
  label,
}: {
  readonly view: ListViewState;
  /** The parameter in the address; `true` when it is on, missing when not. */
  readonly name: string;
  readonly label: string;
}) {
  return (
    <Switch
      label={label}
      isChecked={isOn(view, name)}
      onChange={(_, checked) => view.change({ filters: { [name]: checked ? ['true'] : [] } })}
    />
  );
}

/** Whether the filter is on. */
export function isOn(view: ListViewState, name: string): boolean {
  return view.filters[name]?.[0] === 'true';
}
