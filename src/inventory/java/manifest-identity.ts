/**
 * What library an archive is by its manifest and its name, when Maven left no coordinates in it.
 *
 * Maven names a file after its artifact and images mostly keep that name, while titles are sentences ("Starter for using Spring
 * Security") or products ("Apache Tomcat"); so the name gives the artifact and the manifest confirms the version. Of 181 such
 * archives of Maven Central 47 told a group, 4 of those a wrong one (the rules were made on the same archives). A wrong group
 * hides advisories, so without good evidence it stays unknown.
 */
import { type Coordinates, type Identity, toId, toVersion } from './coordinates.ts';
import type { FileName } from './file-name.ts';
import type { Manifest } from './parse-manifest.ts';

/** Coordinates by manifest or file name. */
export interface ManifestIdentity extends Coordinates {
  readonly identity: Extract<Identity, 'manifest' | 'file-name'>;
}

/** Groups of whole organisations: a library hardly ever has only that as its group, `Implementation-Vendor-Id` often does. */
const UMBRELLAS = new Set([
  'com.github',
  'com.google',
  'com.ibm',
  'com.microsoft',
  'com.oracle',
  'com.sun',
  'io.github',
  'javax.xml',
  'net.java',
  'net.sf',
  'net.sourceforge',
  'org.apache',
  'org.codehaus',
  'org.eclipse',
  'org.jboss',
  'org.objectweb',
]);

/**
 * The library this archive is; `undefined` when neither manifest nor name tell artifact and version, or when the archive is no
 * library: part of a Java runtime (its `rt.jar` is told by the runtime's `release` file), or an agent's instrumentation that is
 * named after the library it weaves into (`Weave-Classes`).
 */
export function identifyByManifest(manifest: Manifest, file: FileName): ManifestIdentity | undefined {
  if (isNoLibrary(manifest)) return undefined;
  const special = jenkinsPlugin(manifest) ?? nifiArchive(manifest);
  if (special !== undefined) return { ...special, identity: 'manifest' };

  const stated = statedVersions(manifest);
  const confirmed = file.version !== undefined && stated.some(version => agree(version, file.version ?? ''));
  const version = file.version ?? stated[0];
  if (version === undefined) return undefined;
  const title = gradleTitle(manifest);
  const artifact = toId(
    file.version === undefined ? artifactWithoutVersion(manifest, file, title?.artifact) : file.artifact,
  );
  if (artifact === undefined) return undefined;
  const group = file.group ?? title?.group ?? groupBy(manifest, artifact);
  const identity = file.version === undefined || confirmed ? 'manifest' : 'file-name';
  return { ...(group !== undefined && { group }), artifact, version, identity };
}

/** Whether the archive is code of a Java runtime or an agent rather than a library; see `identifyByManifest`. */
export function isNoLibrary(manifest: Manifest): boolean {
  return (
    manifest.has('weave-classes') || /^Java Runtime Environment$/i.test(manifest.get('implementation-title') ?? '')
  );
}

/** The licence as the manifest declares it (OSGi `Bundle-License`): names where there are some, else the links. */
export function manifestLicenses(manifest: Manifest): readonly string[] {
  const declared = manifest.get('bundle-license')?.slice(0, 500) ?? '';
  const described = [...declared.matchAll(/;\s*description="?([^";,]+)/g)].map(match => (match[1] ?? '').trim());
  if (described.length > 0) return described.filter(name => name !== '');
  const plain = (declared.split(';')[0] ?? '').replaceAll('"', '').trim();
  return plain === '' || plain.startsWith('<<') ? [] : [...new Set(plain.split(/,\s*(?=https?:)/))];
}

/** Jenkins: coordinates of a plugin; `Group-Id` is there since 2021, older plugins are all in the one group. */
function jenkinsPlugin(manifest: Manifest): Coordinates | undefined {
  const artifact = toId(manifest.get('short-name'));
  // "2.1-SNAPSHOT (private-01/02/2020-jane)" when somebody built it at home.
  const version = toVersion(manifest.get('plugin-version')?.split(' ')[0]);
  if (artifact === undefined || version === undefined) return undefined;
  return { group: toId(manifest.get('group-id')) ?? 'org.jenkins-ci.plugins', artifact, version };
}

/** Apache NiFi: coordinates of a `.nar`. */
function nifiArchive(manifest: Manifest): Coordinates | undefined {
  const group = toId(manifest.get('nar-group'));
  const artifact = toId(manifest.get('nar-id'));
  const version = toVersion(manifest.get('nar-version'));
  return group !== undefined && artifact !== undefined && version !== undefined
    ? { group, artifact, version }
    : undefined;
}

/** Gradle's nebula plug-ins write `org.elasticsearch#elasticsearch-core;7.10.2` as title. */
function gradleTitle(manifest: Manifest): { group: string; artifact: string } | undefined {
  const [, first, second] = /^([\w.-]{1,200})#([\w.-]{1,200});/.exec(manifest.get('implementation-title') ?? '') ?? [];
  const group = toId(first);
  const artifact = toId(second);
  return group !== undefined && artifact !== undefined ? { group, artifact } : undefined;
}

/** Versions of the manifest, best first; `Bundle-Version` is one that OSGi made fit, `Specification-Version` often the API's. */
export function statedVersions(manifest: Manifest): string[] {
  const fields = ['implementation-version', 'bundle-version', 'specification-version', 'plugin-version'];
  return fields.flatMap(field => {
    const first = manifest.get(field)?.replaceAll('"', '').trim().split(/\s/)[0];
    const version = toVersion(first?.replace(/\.SNAPSHOT$/, '-SNAPSHOT'));
    return version !== undefined && /\d/.test(version) ? [version] : [];
  });
}

/** Whether one version is the other one with more behind it: `1.76` and `1.76.0.0`, `1.4.0` and `1.4.0-release-329`. */
function agree(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long.startsWith(short) && !/[0-9A-Za-z]/.test(long[short.length] ?? '');
}

/**
 * The artifact of `catalina.jar` or `app.jar`: a title or bundle name that holds the file name (`tomcat-catalina`), else a title
 * that could be an artifact, else the file name. A bundle name that is only part of it (`server` for `jetty9-server.jar`) is not.
 */
function artifactWithoutVersion(manifest: Manifest, file: FileName, gradleArtifact: string | undefined): string {
  const title = manifest.get('implementation-title')?.replaceAll('"', '');
  const plainTitle = title !== undefined && /^[A-Za-z][\w-]*$/.test(title) ? title : undefined;
  const candidates = [gradleArtifact, plainTitle, bundleName(manifest)?.split('.').at(-1)];
  return candidates.find(one => one?.includes(file.artifact)) ?? plainTitle ?? file.artifact;
}

/**
 * The group that the manifest tells. `Bundle-SymbolicName` is group and artifact joined where Maven's bundle plug-in wrote it, or
 * the group alone when that ends in the artifact: `org.apache.velocity`, `org.objenesis`.
 */
function groupBy(manifest: Manifest, artifact: string): string | undefined {
  const bundle = bundleName(manifest);
  if (bundle?.endsWith(`.${artifact}`)) {
    const above = bundle.slice(0, -artifact.length - 1);
    const isGroupAlone = (above === 'org.apache' || !above.includes('.')) && !artifact.includes('-');
    return isGroupAlone ? asGroup(bundle) : asGroup(above);
  }
  return asGroup(manifest.get('implementation-vendor-id'));
}

/** The text as group when it can be one: at least two parts, and not a whole organisation. */
function asGroup(text: string | undefined): string | undefined {
  const group = toId(text);
  return group !== undefined && /^[a-z][\w-]*(?:\.[\w-]+)+$/.test(group) && !UMBRELLAS.has(group) ? group : undefined;
}

function bundleName(manifest: Manifest): string | undefined {
  return toId(manifest.get('bundle-symbolicname')?.split(';')[0]);
}
