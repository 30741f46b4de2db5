/** When a tag was pushed, and how that is known. */
import type { Tag } from '../api/model.ts';
import { Time } from '../display/time.tsx';

const SOURCES: Readonly<Record<Tag['pushedAtSource'], string>> = {
  registry: 'by the registry',
  config: 'when it was built',
  'first-seen': 'when it was first seen',
  unknown: 'when it was first seen',
};

export function Pushed({ tag }: { readonly tag: Tag }) {
  return (
    <>
      <Time at={tag.pushedAt ?? tag.startedAt} />
      <div className="plimsoll-quiet">{SOURCES[tag.pushedAtSource]}</div>
    </>
  );
}
