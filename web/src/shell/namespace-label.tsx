/** Beside the title of a list: that it shows one namespace alone, with a way to all of them. */
import { Label } from '@patternfly/react-core';
import { useNamespaces } from './namespace.ts';

export function NamespaceLabel() {
  const { all, current, currentId, choose } = useNamespaces();
  if (currentId === undefined || all.length === 0 || (all.length === 1 && current !== undefined)) return null;
  const name = current?.displayName ?? 'A namespace that you do not see';
  return (
    <Label color="blue" onClose={() => choose(undefined)} closeBtnAriaLabel={`Show all namespaces, not only ${name}`}>
      {name}
    </Label>
  );
}
