/** What a preview tells, as far as it is shown; the API describes it in words alone. */

export interface Preview {
  readonly repositories: {
    readonly known: number;
    readonly matched: number;
    readonly sample: readonly string[];
    readonly problem?: string;
  };
  readonly listed: readonly PreviewedRepository[];
  readonly tags: {
    readonly seen: number;
    readonly matched: number;
    readonly excluded: Readonly<Partial<Record<string, number>>>;
  };
  readonly images: {
    readonly toScan: number;
    readonly skippedKnown: number;
    readonly skippedPlatform: number;
    readonly skippedNotScannable: number;
  };
  readonly estimate: {
    readonly bytes: number;
    readonly pulls: number;
    readonly fitsRateLimit?: boolean;
    readonly isComplete: boolean;
  };
  readonly explanation?: readonly string[];
  readonly warnings: readonly {
    readonly code: string;
    readonly field: string;
    readonly message: string;
    readonly remedy: string;
  }[];
}

export interface PreviewedRepository {
  readonly repository: string;
  readonly seen: number;
  readonly matched: number;
  readonly sample: readonly string[];
  readonly excluded: Readonly<Partial<Record<string, readonly string[]>>>;
  readonly isLive: boolean;
  readonly problem?: string;
}
