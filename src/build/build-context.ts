/** What use cases of builds work with. */
import type { BlobStore } from '#blob/blob-store.ts';
import type { HostingContext } from '#hosting/context.ts';
import type { ProjectContext } from '#project/project-context.ts';
import type { TaskBell } from '#scan/task/task-bell.ts';
import type { FoundUpdates, InstalledImage } from './rebuild/find-package-updates.ts';

/** Looks for newer packages in the repositories of an image's distribution. */
export type FindPackageUpdates = (image: InstalledImage, signal: AbortSignal) => Promise<FoundUpdates>;

/** Handed to every use case of builds. */
export interface BuildContext extends ProjectContext {
  /** Logs of builds that are over are kept here. */
  readonly blobs: BlobStore;
  /** Rings when something about a build changed. */
  readonly bell: Pick<TaskBell, 'wait'>;
}

/** What going on with builds needs besides. */
export interface BuildWorkContext extends BuildContext {
  /** The hosted registry, to which documents about images are added. */
  readonly hosting: HostingContext;
  /** How people reach the server, for names in provenance. */
  readonly publicUrl: string;
  readonly version: string;
  readonly findPackageUpdates: FindPackageUpdates;
}
