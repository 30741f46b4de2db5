/**
 * What an image was made from, as a statement that others can check.
 *
 * Sources: in-toto Attestation Framework, "Statement" v1; SLSA v1.0, "Provenance". Build arguments are named but not told, since
 * some are secrets; nothing of any log-in is in it.
 */
import type { BuildRequest, BuildResult } from './build-request.ts';

/** Who built. */
export interface BuilderIdentity {
  /** A URI that names the builder and how far it is trusted: `https://plimsoll.example/builders/built-in`. */
  readonly id: string;
  /** Programs and their versions: `{ plimsoll: '1.0.0', buildah: '1.39.3' }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of this one build: `https://plimsoll.example/builds/42`. */
  readonly invocationId: string;
}

/** An in-toto statement, as JSON. */
export interface ProvenanceStatement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly ResourceDescriptor[];
  readonly predicateType: 'https://slsa.dev/provenance/v1';
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string;
      readonly externalParameters: Readonly<Record<string, unknown>>;
      readonly internalParameters: Readonly<Record<string, unknown>>;
      readonly resolvedDependencies: readonly ResourceDescriptor[];
    };
    readonly runDetails: {
      readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> };
      readonly metadata: { readonly invocationId: string; readonly startedOn: string; readonly finishedOn: string };
    };
  };
}

/** Something by its digest, after in-toto's "ResourceDescriptor". */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest: Readonly<Record<string, string>>;
}

/** Names how the parameters are to be read; docs/build-service.md tells. */
const BUILD_TYPE = 'https://plimsoll.dev/build/dockerfile/v1';

/** The statement for a build: its subject is what the tag names, and each image in it. */
export function provenanceStatement(
  request: BuildRequest,
  result: BuildResult,
  builder: BuilderIdentity,
): ProvenanceStatement {
  const { source, push } = request;
  const digests = [...new Set([result.digest, ...result.manifests.map(manifest => manifest.digest)])];
  const commit = { [result.commit.length === 64 ? 'sha256' : 'sha1']: result.commit };
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: digests.map(digest => ({ name: push.repository, digest: toDigestSet(digest) })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          source: { uri: sourceUri(source.url), ref: source.ref },
          dockerfile: request.dockerfile,
          context: request.context,
          platforms: result.manifests.map(manifest => manifest.platform),
          argumentNames: Object.keys(request.args).sort(),
          submodules: source.wantsSubmodules,
          lfs: source.wantsLfs,
        },
        internalParameters: {},
        resolvedDependencies: [
          { uri: sourceUri(source.url), digest: { ...commit, gitCommit: result.commit } },
          { name: request.dockerfile, digest: { sha256: result.dockerfileSha256 } },
          ...result.baseImages.map(base => ({ uri: `docker://${base.reference}`, digest: toDigestSet(base.digest) })),
        ],
      },
      runDetails: {
        builder: { id: builder.id, version: builder.versions },
        metadata: {
          invocationId: builder.invocationId,
          startedOn: result.startedAt,
          finishedOn: result.finishedAt,
        },
      },
    },
  };
}

/** `git+https://host/path`, never with a name or password in it, after SPDX's "package download location". */
function sourceUri(url: string): string {
  const scp = /^(?:[^@/]+@)?([^:/]+):(?!\/\/)(.+)$/.exec(url);
  if (scp !== null) return `git+ssh://${scp[1] ?? ''}/${(scp[2] ?? '').replace(/^\//, '')}`;
  const parsed = new URL(url);
  return `git+${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

function toDigestSet(digest: string): Readonly<Record<string, string>> {
  const [algorithm = '', hex = ''] = digest.split(':');
  return { [algorithm]: hex };
}
