/** The commands are pasted into shells: nothing that was typed may mean anything there. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PUSH_TOOLS, pushCommands } from './push-commands.ts';

const pushTo = 'plimsoll.example:5000/ospid-0123';

test.each([
  {
    tool: 'podman',
    name: 'pilot',
    tag: '1.0-1',
    last: 'podman push plimsoll.example:5000/ospid-0123/pilot:1.0-1',
    why: 'what was typed is in the commands',
  },
  {
    tool: 'docker',
    name: '',
    tag: '',
    last: 'docker push plimsoll.example:5000/ospid-0123/NAME:TAG',
    why: 'words stand for what was not typed yet',
  },
  {
    tool: 'skopeo',
    name: 'pilot; rm -rf ~',
    tag: '$(id)',
    last: 'skopeo copy --all docker://IMAGE docker://plimsoll.example:5000/ospid-0123/NAME:TAG',
    why: 'what a shell would run is left out',
  },
] as const)('$why', ({ tool, name, tag, last }) => {
  const lines = pushCommands(tool, { pushTo, name, tag }).split('\n');
  expect(lines[0]).toBe(`${tool} login -u unused plimsoll.example:5000`);
  expect(lines.at(-1)).toBe(last);
});

test('nothing that is typed adds a command', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PUSH_TOOLS), fc.string(), fc.string(), (tool, name, tag) => {
      const text = pushCommands(tool, { pushTo, name, tag });
      expect(text).toMatch(/^[\w\n .:/-]+$/);
      expect(text.split('\n').every(line => line.startsWith(`${tool} `))).toBe(true);
    }),
  );
});
