/** The way to try a registry without Plimsoll, where a test of the connection fails and nobody knows whose fault it is. */
import { ExpandableSection, Stack } from '@patternfly/react-core';
import { CopyBlock } from '../display/copy.tsx';
import { handCommands } from './hand-commands.ts';

export function ByHand({ address, repository }: { readonly address: string; readonly repository?: string }) {
  const commands = handCommands(address, repository === '' ? undefined : repository);
  if (commands.length === 0) return null;
  return (
    <ExpandableSection toggleText="Try it by hand, on the machine of the sensor">
      <Stack hasGutter>
        {commands.map(({ title, text }) => (
          <div key={title}>
            {title}
            <CopyBlock text={text} what={`command: ${title}`} />
          </div>
        ))}
      </Stack>
    </ExpandableSection>
  );
}
