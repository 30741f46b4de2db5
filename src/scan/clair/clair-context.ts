/** What indexing images by Clair's API works with. */
import type { Slots } from '#image/registry/slots.ts';
import type { AdapterContext } from '../adapter/adapter-scan.ts';

/** As for other registries, and where layers come from. */
export interface ClairContext extends AdapterContext {
  readonly clair: {
    /** Names without port of hosts that an operator wrote: layers may come from them though their addresses be private. */
    readonly hosts: readonly string[];
    /** Folder for layers while they are read. */
    readonly scratchFolder: string;
    /** What must stay free there, in bytes. */
    readonly diskFloorBytes: number;
    /** Images read at a time: links are used at once, and what was fetched waits. */
    readonly reading: Slots;
  };
}
