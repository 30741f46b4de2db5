/** The commands that push an image to a project, ready to be pasted. The key is never part of them: it would stay in the shell's history. */

/** Programs that people push with. */
export const PUSH_TOOLS = ['podman', 'docker', 'skopeo'] as const;
export type PushTool = (typeof PUSH_TOOLS)[number];

/** Parts of a name that a registry takes; nothing in them means anything to a shell. */
const NAME = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

/** What stands in the commands where nothing fit to stand there was typed. */
const PLACEHOLDER = { name: 'NAME', tag: 'TAG' } as const;

/** The commands, a line each. `pushTo`: host and space, as the project has it. */
export function pushCommands(
  tool: PushTool,
  { pushTo, name, tag }: { readonly pushTo: string; readonly name: string; readonly tag: string },
): string {
  const [host = ''] = pushTo.split('/');
  const target = `${pushTo}/${isPushName(name) ? name : PLACEHOLDER.name}:${isPushTag(tag) ? tag : PLACEHOLDER.tag}`;
  if (tool === 'skopeo') {
    return [`skopeo login -u unused ${host}`, `skopeo copy --all docker://IMAGE docker://${target}`].join('\n');
  }
  return [`${tool} login -u unused ${host}`, `${tool} tag IMAGE ${target}`, `${tool} push ${target}`].join('\n');
}

export function isPushName(name: string): boolean {
  return name.length <= 200 && NAME.test(name);
}

export function isPushTag(tag: string): boolean {
  return TAG.test(tag);
}
