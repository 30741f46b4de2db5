/** What the use cases of scan jobs work with. */
import type { ServerContext } from '#store/context.ts';

/** Handed in by the composition root. */
export interface JobContext extends ServerContext {
  /** What the operator of this server lets jobs do. */
  readonly features: {
    /** "Scan all images". */
    readonly forceScan: boolean;
    readonly wildcards: boolean;
  };
  /** What an Automatic job selects cannot be edited, as with the vendor whose API is followed. */
  readonly isCompatibilityMode: boolean;
  /** Of the cataloguers of this build; a report by this version is not made again unless somebody asks for a deep scan. */
  readonly analyserVersion: string;
  /** From 0 to below 1, for jitter; tests give their own. */
  readonly random?: (() => number) | undefined;
}

/** Runs that pass over an image after so many failed scans of it in a row; asking for it by itself still works. */
export const MAX_IMAGE_ATTEMPTS = 3;
