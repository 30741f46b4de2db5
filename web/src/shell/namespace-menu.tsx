/** Which namespace to look at; nothing at all while there is but one. */
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { LayerGroupIcon } from '@patternfly/react-icons/dist/esm/icons/layer-group-icon';
import { useState } from 'react';
import { useNamespaces } from './namespace.ts';

export function NamespaceMenu() {
  const { all, current, choose } = useNamespaces();
  const [isOpen, setOpen] = useState(false);
  if (all.length < 2) return null;
  const name = current?.displayName ?? 'All namespaces';
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      isScrollable
      popperProps={{ position: 'right' }}
      toggle={ref => (
        <MenuToggle
          ref={ref}
          className="plimsoll-namespace"
          isExpanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          aria-label={`Namespace: ${name}`}
          icon={<LayerGroupIcon />}
        >
          {name}
        </MenuToggle>
      )}
    >
      <DropdownList>
        <DropdownItem isSelected={current === undefined} onClick={() => choose(undefined)}>
          All namespaces
        </DropdownItem>
        {all.map(({ id, displayName }) => (
          <DropdownItem key={id} isSelected={current?.id === id} onClick={() => choose(id)}>
            {displayName}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  );
}
