/** What use cases of projects work with, and what an operator decides about them. */
import { DEFAULT_GATE, type Gate } from '#certification/gate.ts';
import { DEFAULT_GRADE_SETTINGS, type Grade, type GradeSettings } from '#certification/health-grade.ts';
import { type CheckSettings, DEFAULT_SETTINGS } from '#certification/settings.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import type { HostedAddress } from '#store/hosting-space.ts';
import type { ProjectImage } from '#store/project-image.ts';

/** Rules of an operator. */
export interface ProjectRules {
  /** Images of Docker Hub without a pull secret for it: refused, or tried with a warning. */
  readonly dockerHub: 'block' | 'warn';
  /** Known weaknesses that an image may not be published with; empty: none are asked about. */
  readonly gate: Gate;
  /** The worst grade that may be published; F never may. */
  readonly minGrade: Exclude<Grade, 'F'>;
  /** Whether what a client says is not enough: our own checks must have passed as well. */
  readonly requiresVerification: boolean;
  /** Whether a push may move a tag off an image that is published under it. */
  readonly hasMovableTags: boolean;
  readonly checks: CheckSettings;
  readonly grades: GradeSettings;
  /** Versions of preflight that may submit; missing: all. */
  readonly toolVersions?: readonly string[] | undefined;
}

/** Rules where the operator says nothing. */
export const DEFAULT_RULES: ProjectRules = {
  dockerHub: 'warn',
  gate: DEFAULT_GATE,
  minGrade: 'B',
  requiresVerification: true,
  hasMovableTags: false,
  checks: DEFAULT_SETTINGS,
  grades: DEFAULT_GRADE_SETTINGS,
};

/** How registries are reached from here. */
export interface RegistryWorld {
  /** For proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly allowsPrivateAddresses: boolean;
  readonly userAgent: string;
  /** Hosts that servers of a test play, as in `TransportOptions`. */
  readonly serviceOrigins?: Readonly<Record<string, string>> | undefined;
}

/** Handed to every use case of projects. */
export interface ProjectContext extends ContentContext {
  readonly rules: ProjectRules;
  readonly world: RegistryWorld;
  /** Of the hosted registry; missing where there is none. */
  readonly hosted: HostedAddress | undefined;
  /** Whether somebody else decides about publishing an image: the build that it comes from. */
  readonly holdsBack?: ((image: ProjectImage) => Promise<boolean>) | undefined;
}
