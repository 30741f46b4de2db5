/**
 * What a build is asked for and what comes of it: values only, so that they travel between server and builder as JSON.
 *
 * Whoever runs builds (`run-build.ts`) needs no store and no HTTP; whoever keeps them needs no Git and no buildah.
 */

/** How to log in to a Git server. Tokens and keys are secrets: they reach no argument, URL, message or log. */
export type GitLogin =
  | { readonly kind: 'none' }
  /** For HTTPS. `username` is what the Git host wants beside a token; most take anything. */
  | { readonly kind: 'token'; readonly username?: string | undefined; readonly token: string }
  /** For SSH: the text of a private key as `checkSshKey` returned it. */
  | { readonly kind: 'ssh-key'; readonly privateKey: string };

/** Where the source is. */
export interface GitSource {
  /** `https://host/path`, `ssh://user@host[:port]/path` or `user@host:path`; without a password in it. */
  readonly url: string;
  readonly login: GitLogin;
  /** A branch, a tag, or a whole commit ID in hex; empty means the branch that the repository shows first. */
  readonly ref: string;
  /**
   * Host keys to trust, as lines of known_hosts (OpenSSH); empty or missing trusts whatever key the host shows first, and the result
   * tells which that was, to be pinned from then on.
   */
  readonly hostKeys?: readonly string[] | undefined;
  readonly wantsSubmodules: boolean;
  readonly wantsLfs: boolean;
  /** Certificates to trust beside the system's for HTTPS, in PEM. */
  readonly caPem?: string | undefined;
}

/** Bounds of one build; beyond any of them it is ended, and says which. */
export interface BuildLimits {
  /** From start to end, all steps together. */
  readonly timeMs: number;
  /** Resident memory of all processes together. */
  readonly memoryBytes: number;
  /** Clone, layers and everything else the build writes. */
  readonly diskBytes: number;
  /** Processes and threads at one moment. */
  readonly processes: number;
  /** Output of the programs; what comes after is dropped and said to be. */
  readonly outputBytes: number;
}

/** Where the image goes. */
export interface PushTarget {
  /** `host[:port]/path` without tag, for example `registry.example/ospid-1/app`. */
  readonly repository: string;
  readonly tag: string;
  readonly username: string;
  readonly password: string;
  /** Plain HTTP, or a certificate that nobody vouches for. */
  readonly isInsecure: boolean;
  /** Certificates to trust beside the system's, in PEM. */
  readonly caPem?: string | undefined;
}

/** One build, with everything it needs. Holds secrets: never log it. */
export interface BuildRequest {
  readonly source: GitSource;
  /** Path of the Dockerfile in the context folder; usually `Dockerfile`. */
  readonly dockerfile: string;
  /** Folder of the repository that the build sees; `.` for all of it. */
  readonly context: string;
  /** Build arguments. Their values are masked in logs, and stay out of the provenance: some are secrets. */
  readonly args: Readonly<Record<string, string>>;
  /** `os/architecture[/variant]`; more than one makes an index, none the platform of the builder. */
  readonly platforms: readonly string[];
  /** Labels beside those of the OCI annotations specification that are set anyway; these win. */
  readonly labels: Readonly<Record<string, string>>;
  /** Log-ins for base images: the text of a config.json, as `podman login --authfile` writes it. */
  readonly pullAuth?: string | undefined;
  /** Registries whose base images come over plain HTTP or without a trusted certificate, as `host[:port]`. */
  readonly insecureRegistries?: readonly string[] | undefined;
  readonly push: PushTarget;
  readonly limits: BuildLimits;
}

/** The steps that this folder does, in order. */
export type BuildStep = 'clone' | 'build' | 'push';

/** What a running build is at. The server knows more states: queued and scanning around these, and the ends. */
export type RunningState = 'cloning' | 'building' | 'pushing';

/** Is told what happens, as it happens and in order; must not throw. */
export interface BuildWatcher {
  onState(state: RunningState): void;
  /** One or more whole lines ending in a line feed, secrets masked, control characters removed. */
  onLog(text: string, step: BuildStep): void;
}

/** A base image as it was when the build used it. */
export interface BaseImage {
  /** As the Dockerfile has it, arguments filled in: `docker.io/library/alpine:3.20`. */
  readonly reference: string;
  /** Of what the reference named: an index where it named one. */
  readonly digest: string;
}

/** One image of the build. */
export interface BuiltManifest {
  /** `os/architecture[/variant]`. */
  readonly platform: string;
  readonly digest: string;
}

/** An image that was built and pushed. */
export interface BuildResult {
  /** The commit that was built, in hex. */
  readonly commit: string;
  /** What the tag names: an index when there are several platforms, else the manifest. */
  readonly digest: string;
  /** Never empty. */
  readonly manifests: readonly BuiltManifest[];
  /** In the order of the Dockerfile, each once; empty for an image from scratch. */
  readonly baseImages: readonly BaseImage[];
  /** SHA-256 of the Dockerfile, in hex. */
  readonly dockerfileSha256: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Lines of known_hosts that were trusted: pin them. Empty for HTTPS. */
  readonly hostKeys: readonly string[];
}

/** What a look at a source found. */
export interface SourceReport {
  /** The commit that `ref` names, in hex. */
  readonly commit: string;
  /** What was looked at: the ref asked for, or the repository's own branch. */
  readonly ref: string;
  readonly hasDockerfile: boolean;
  /** What stands behind `FROM`, as written, in order; empty without a Dockerfile. */
  readonly froms: readonly string[];
  /** Names of the stages, or their numbers where they have none. */
  readonly stages: readonly string[];
  /** Lines of known_hosts to pin; empty for HTTPS. */
  readonly hostKeys: readonly string[];
  /** `SHA256:…` of these keys, as ssh shows them. */
  readonly hostKeyFingerprints: readonly string[];
  /** Sentences: what will work, but perhaps not as meant. */
  readonly warnings: readonly string[];
}

/** Programs and places that a builder is set up with; every one has a default. */
export interface BuildTools {
  /** An empty folder for this build alone; everything goes there, and it may be deleted afterwards. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Program paths, looked up on the system's usual path by default. */
  readonly git?: string | undefined;
  readonly buildah?: string | undefined;
  /**
   * What RUN instructions reach: `isolated`, the world but not this machine's loopback (by slirp4netns); `none`; or `host`, everything
   * the machine reaches. Default: `isolated` where slirp4netns is installed, else `none`.
   */
  readonly network?: 'isolated' | 'none' | 'host' | undefined;
  /** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the machine, in upper or lower case, among anything else. */
  readonly proxies?: Readonly<Record<string, string | undefined>> | undefined;
  /** How layers are stored. Default: `overlay` where the kernel and the folder allow it, else `vfs`. */
  readonly storageDriver?: 'overlay' | 'vfs' | undefined;
}
