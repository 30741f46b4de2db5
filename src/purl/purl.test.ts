import fc from 'fast-check';
import { PackageURL } from 'packageurl-js';
import { expect, test } from 'vitest';
import { formatPurl } from './format-purl.ts';
import { imagePurl } from './image-purl.ts';
import { type PurlDistro, type PurlSubject, toPurl } from './purl.ts';

const DEBIAN: PurlDistro = { id: 'debian', versionId: '12' };
const ALPINE: PurlDistro = { id: 'alpine', versionId: '3.19.4' };
const ALMA: PurlDistro = { id: 'almalinux', versionId: '9.1' };

interface Row {
  readonly of: PurlSubject;
  readonly distro?: PurlDistro;
  readonly purl: string;
  readonly why: string;
}

const distroRows: readonly Row[] = [
  {
    of: { type: 'deb', name: 'adduser', version: '3.134', arch: 'all', source: { name: 'adduser', version: '3.134' } },
    distro: DEBIAN,
    purl: 'pkg:deb/debian/adduser@3.134?arch=all&distro=debian-12',
    why: 'a source of the same name and version says nothing',
  },
  {
    of: {
      type: 'deb',
      name: 'libstdc++6',
      version: '12.2.0-14+deb12u1',
      arch: 'amd64',
      source: { name: 'gcc-12', version: '12.2.0-14+deb12u1' },
    },
    distro: DEBIAN,
    purl: 'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2.0-14%2Bdeb12u1',
    why: 'plus signs are escaped in every part',
  },
  {
    of: {
      type: 'deb',
      name: 'login',
      version: '1:4.13+dfsg1-1+b1',
      arch: 'amd64',
      source: { name: 'shadow', version: '1:4.13+dfsg1-1' },
    },
    distro: DEBIAN,
    purl: 'pkg:deb/debian/login@1:4.13%2Bdfsg1-1%2Bb1?arch=amd64&distro=debian-12&upstream=shadow%401:4.13%2Bdfsg1-1',
    why: 'the colon of an epoch is never escaped',
  },
  {
    of: { type: 'deb', name: 'bash', version: '5.2~rc1-1', source: { name: 'bash', version: '5.2~rc1-2' } },
    distro: { id: 'debian' },
    purl: 'pkg:deb/debian/bash@5.2~rc1-1?distro=debian&upstream=bash%405.2~rc1-2',
    why: 'a testing release has no number; a tilde stays; a source of another version is told',
  },
  {
    of: { type: 'deb', name: 'curl', version: '8.5.0-2', source: { name: 'curl-src' } },
    purl: 'pkg:deb/curl@8.5.0-2?upstream=curl-src',
    why: 'no distribution is known: none is made up',
  },
  {
    of: {
      type: 'apk',
      name: 'libcrypto3',
      version: '3.1.4-r5',
      arch: 'x86_64',
      source: { name: 'openssl', version: '3.1.4-r5' },
    },
    distro: ALPINE,
    purl: 'pkg:apk/alpine/libcrypto3@3.1.4-r5?arch=x86_64&distro=alpine-3.19.4&upstream=openssl',
    why: 'an aport has the version of its packages',
  },
  {
    of: { type: 'apk', name: '.build-deps', version: '20230101.120000' },
    distro: ALPINE,
    purl: 'pkg:apk/alpine/.build-deps@20230101.120000?distro=alpine-3.19.4',
    why: 'a virtual package',
  },
  {
    of: {
      type: 'rpm',
      name: 'openssl-libs',
      version: '1:3.0.1-43.el9_0',
      arch: 'aarch64',
      source: { name: 'openssl', version: '3.0.1-43.el9_0' },
    },
    distro: ALMA,
    purl: 'pkg:rpm/almalinux/openssl-libs@3.0.1-43.el9_0?arch=aarch64&distro=almalinux-9.1&epoch=1&upstream=openssl-3.0.1-43.el9_0.src.rpm',
    why: 'the epoch is a qualifier, the source is the name of the source rpm',
  },
  {
    of: {
      type: 'rpm',
      name: 'npm',
      version: '1:8.19.4-1.module+el8',
      arch: 'x86_64',
      source: { name: 'nodejs' },
      module: 'nodejs:16',
    },
    distro: { id: 'rhel', versionId: '8.9' },
    purl: 'pkg:rpm/redhat/npm@8.19.4-1.module%2Bel8?arch=x86_64&distro=rhel-8.9&epoch=1&rpmmod=nodejs:16&upstream=nodejs',
    why: 'Red Hat names itself redhat and its modules rpmmod',
  },
  {
    of: { type: 'rpm', name: 'ModemManager', version: '1.20-1', arch: 'x86_64' },
    distro: { id: 'sles', versionId: '15.3' },
    purl: 'pkg:rpm/suse/ModemManager@1.20-1?arch=x86_64&distro=sles-15.3',
    why: 'rpm names keep their case',
  },
  {
    of: { type: 'bottlerocket', name: 'kernel-6.1', version: '6.1.82-1', arch: 'x86_64' },
    distro: { id: 'bottlerocket', versionId: '1.20.0' },
    purl: 'pkg:rpm/bottlerocket/kernel-6.1@6.1.82-1?arch=x86_64&distro=bottlerocket-1.20.0',
    why: 'its packages are rpms',
  },
  {
    of: {
      type: 'alpm',
      name: 'containers-common',
      version: '1:0.47.4-4',
      arch: 'any',
      source: { name: 'containers-common' },
    },
    distro: { id: 'arch' },
    purl: 'pkg:alpm/arch/containers-common@1:0.47.4-4?arch=any&distro=arch',
    why: 'pacman keeps the epoch in the version',
  },
  {
    of: { type: 'opkg', name: 'busybox', version: '1.36.1-1', arch: 'x86_64' },
    distro: { id: 'OpenWrt', versionId: '23.05' },
    purl: 'pkg:opkg/openwrt/busybox@1.36.1-1?arch=x86_64&distro=OpenWrt-23.05',
    why: 'a vendor is in lower case',
  },
  {
    of: { type: 'bitnami', name: 'Redis', version: '7.2.4-3', arch: 'amd64' },
    distro: DEBIAN,
    purl: 'pkg:bitnami/redis@7.2.4-3?arch=amd64&distro=debian-12',
    why: 'built for a distribution without being a part of it',
  },
];

const plain = (type: string, name: string, version: string, purl: string, why: string): Row => ({
  of: { type, name, version },
  purl,
  why,
});
const HOSTILE = '\u001b[31m<b>"a\'b"\n%2F(x)*!💥 é';

const languageRows: readonly Row[] = [
  plain('npm', 'lodash', '4.17.21', 'pkg:npm/lodash@4.17.21', 'no scope'),
  plain('npm', '@angular/core', '12.3.1', 'pkg:npm/%40angular/core@12.3.1', 'the at sign of a scope is escaped'),
  plain('npm', 'JSONStream', '1.3.5', 'pkg:npm/JSONStream@1.3.5', 'jsonstream is another package'),
  plain('npm', 'a/b', '1.0.0', 'pkg:npm/a%2Fb@1.0.0', 'a slash without a scope is no namespace'),
  plain('pypi', 'Zope.Interface_X', '5.4', 'pkg:pypi/zope.interface-x@5.4', 'case and underscores do not count'),
  plain(
    'golang',
    'github.com/Azure/go-autorest/v2',
    'v2.0.3+incompatible',
    'pkg:golang/github.com/Azure/go-autorest/v2@v2.0.3%2Bincompatible',
    'a module path is case-sensitive',
  ),
  plain('golang', 'stdlib', '1.21.3', 'pkg:golang/stdlib@1.21.3', 'the standard library has no host'),
  plain(
    'golang',
    'example.com/x',
    '(devel)',
    'pkg:golang/example.com/x@%28devel%29',
    'the main module is often not released',
  ),
  plain('golang', 'example.com/x', 'v1', 'pkg:golang/example.com/x@v1', 'not a semantic version'),
  plain(
    'maven',
    'org.apache.logging.log4j:log4j-core',
    '2.17.1',
    'pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1',
    'group and artifact',
  ),
  plain('maven', 'mystery', '1.0 Final', 'pkg:generic/mystery@1.0%20Final', 'maven without a group is not allowed'),
  plain('composer', 'Symfony/Console', '6.4.1', 'pkg:composer/symfony/console@6.4.1', 'vendors are in lower case'),
  plain('nuget', 'Newtonsoft.Json', '13.0.3', 'pkg:nuget/Newtonsoft.Json@13.0.3', 'dots are no namespace'),
  plain('cran', 'rJava', '1.0-6', 'pkg:cran/rJava@1.0-6', 'case-sensitive'),
  plain('cargo', 'rand_core', '0.6.4', 'pkg:cargo/rand_core@0.6.4', 'underscores stay'),
  plain('hex', 'Phoenix_html', '2.13.3', 'pkg:hex/phoenix_html@2.13.3', 'lower case'),
  plain('cpan', 'Mojo::Base', '9.1', 'pkg:cpan/Mojo-Base@9.1', 'a distribution, not a module'),
  plain('pub', 'Some-Package', '1.0.0', 'pkg:pub/some_package@1.0.0', 'only letters, digits and underscores'),
  plain(
    'swift',
    'github.com/Alamofire/Alamofire',
    '5.4.3',
    'pkg:swift/github.com/Alamofire/Alamofire@5.4.3',
    'host and owner',
  ),
  plain(
    'huggingface',
    'google/flan-t5',
    '0613663D',
    'pkg:huggingface/google/flan-t5@0613663d',
    'a commit is lower case',
  ),
  plain(
    'ebuild',
    'dev-libs/openssl',
    '3.0.13-r2',
    'pkg:ebuild/dev-libs/openssl@3.0.13-r2',
    'the category is the namespace',
  ),
  plain('brew', 'postgresql@12', '12.17', 'pkg:brew/postgresql%4012@12.17', 'an at sign in a name'),
  plain('generic', 'temurin/jdk', '21.0.2+13', 'pkg:generic/temurin/jdk@21.0.2%2B13', 'a vendor before the name'),
  plain('generic', '//a///b/', '1', 'pkg:generic/a/b@1', 'empty segments mean nothing'),
  plain('generic', '/', '1', 'pkg:generic/%2F@1', 'nothing but slashes'),
  plain('generic', '', '', 'pkg:generic/unnamed', 'a name is required, a version is not'),
  plain('cargo', 'a\ud800b', '1', 'pkg:cargo/a%EF%BF%BDb@1', 'a lone surrogate'),
  plain('cargo', 'caf\ufffd', '1', 'pkg:cargo/caf%EF%BF%BD@1', 'bytes that were no UTF-8'),
  plain('cargo', '100% a@b?c=d#e&f', '1', 'pkg:cargo/100%25%20a%40b%3Fc%3Dd%23e%26f@1', 'separators in a name'),
  plain(
    'cargo',
    HOSTILE,
    '1',
    'pkg:cargo/%1B%5B31m%3Cb%3E%22a%27b%22%0A%252F%28x%29%2A%21%F0%9F%92%A5%20%C3%A9@1',
    'a name made to break terminals and pages',
  ),
  plain('constructor', 'a', '1', 'pkg:constructor/a@1', 'a type named like a property of every object'),
  {
    of: {
      type: 'gem',
      name: 'nokogiri',
      version: '1.16.0',
      arch: 'x86_64',
      properties: { platform: 'x86_64-linux', other: 'x' },
    },
    purl: 'pkg:gem/nokogiri@1.16.0?platform=x86_64-linux',
    why: 'only the qualifiers of its type',
  },
  {
    of: { type: 'gem', name: 'rake', version: '13.1.0', properties: { platform: 'ruby' } },
    purl: 'pkg:gem/rake@13.1.0',
    why: 'ruby is what the type means anyway',
  },
  {
    of: {
      type: 'conda',
      name: 'numpy',
      version: '1.26.4',
      properties: { subdir: 'linux-64', build: 'py312_0', channel: 'https://conda.example/main' },
    },
    purl: 'pkg:conda/numpy@1.26.4?build=py312_0&channel=https:%2F%2Fconda.example%2Fmain&subdir=linux-64',
    why: 'qualifiers are in order',
  },
];

test.each([...distroRows, ...languageRows])('$of.type "$of.name": $purl ($why)', ({ of, distro, purl }) => {
  expect(toPurl(of, distro)).toBe(purl);
});

test('another implementation reads back the parts that a purl was made of', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
  const segment = text.filter(one => !one.includes('/') && one.trim() !== '');
  const type = fc.constantFrom('deb', 'rpm', 'npm', 'golang', 'maven', 'generic');
  fc.assert(
    fc.property(type, fc.array(segment), segment, text, text, (oneType, namespace, name, version, arch) => {
      const parts = { type: oneType, name, version, qualifiers: { arch } };
      const purl = formatPurl(namespace.length === 0 ? parts : { ...parts, namespace: namespace.join('/') });
      const read = PackageURL.parseString(purl);
      expect(read.slice(0, 4)).toEqual([
        oneType,
        namespace.length === 0 ? undefined : namespace.join('/').toWellFormed(),
        name.toWellFormed(),
        version.toWellFormed(),
      ]);
      expect(new URLSearchParams(read[4]).get('arch')).toBe(arch.toWellFormed());
    }),
  );
});

test('whatever a package says, its purl is ASCII without spaces or quotes', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const type = fc.constantFrom(
    'deb',
    'rpm',
    'apk',
    'npm',
    'pypi',
    'golang',
    'maven',
    'composer',
    'generic',
    'swift',
    'pub',
  );
  fc.assert(
    fc.property(type, text, text, text, text, (oneType, name, version, arch, source) => {
      const distro = { id: 'debian', versionId: arch };
      const purl = toPurl({ type: oneType, name, version, arch, source: { name: source } }, distro);
      expect(purl).toMatch(/^pkg:[a-z]+\/[A-Za-z0-9._~:%/-]+(?:@[A-Za-z0-9._~:%-]+)?(?:\?[A-Za-z0-9._~:%=&-]+)?$/);
    }),
  );
});

test('an image is named by the last part of its repository and its digest', () => {
  const purl = imagePurl({
    repository: 'localhost:5000/Team/app',
    digest: 'sha256:244fd47e07d10',
    tag: 'v1',
    architecture: 'amd64',
  });
  expect(purl).toBe('pkg:oci/app@sha256:244fd47e07d10?arch=amd64&repository_url=localhost:5000%2FTeam%2Fapp&tag=v1');
});
