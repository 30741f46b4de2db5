import { expect, test } from 'vitest';
import { readComponent } from './component.ts';

test.each([
  { id: 'openshift4/ose-console-rhel9', purl: undefined, want: { kind: 'container' }, why: 'images have a slash' },
  { id: 'x', purl: 'pkg:oci/ose-console?tag=v4', want: { kind: 'container' }, why: 'or say so' },
  { id: 'x', purl: 'pkg:maven/org.demo/demo@1.0', want: { kind: 'other' }, why: 'jars of middleware' },
  { id: 'nodejs:18', purl: undefined, want: { kind: 'module' }, why: 'a module as a whole' },
  { id: 'kernel', purl: undefined, want: { kind: 'rpm', name: 'kernel' }, why: 'a name alone' },
  {
    id: 'kernel',
    purl: 'pkg:rpm/redhat/kernel?arch=src',
    want: { kind: 'rpm', name: 'kernel', arch: 'src' },
    why: 'newer',
  },
  {
    id: 'libstdc++-0:8.5.0-20.el8.x86_64',
    purl: 'pkg:rpm/redhat/libstdc%2B%2B@8.5.0-20.el8?arch=x86_64&epoch=0',
    want: { kind: 'rpm', name: 'libstdc++', version: '8.5.0-20.el8', arch: 'x86_64' },
    why: 'names with a plus, an epoch of 0',
  },
  {
    id: 'bind-utils-32:9.11.36-8.el8_8.2.x86_64',
    purl: undefined,
    want: { kind: 'rpm', name: 'bind-utils', version: '32:9.11.36-8.el8_8.2', arch: 'x86_64' },
    why: 'no purl, but everything in the id',
  },
  {
    id: 'nginx',
    purl: 'pkg:rpm/redhat/nginx?rpmmod=nginx:1.20',
    want: { kind: 'rpm', name: 'nginx', module: 'nginx:1.20' },
    why: 'the module in the purl',
  },
  {
    id: 'go-toolset:rhel8/go-toolset',
    purl: 'pkg:rpm/redhat/go-toolset@rhel8?arch=src&rpmmod=go-toolset:rhel8',
    want: { kind: 'rpm', name: 'go-toolset', arch: 'src', module: 'go-toolset:rhel8' },
    why: 'the version is the stream, and no build',
  },
  {
    id: 'firefox-flatpak',
    purl: 'pkg:rpm/redhat/firefox-flatpak@128.0-1.el10?arch=src&rpmmod=rhel10',
    want: { kind: 'rpm', name: 'firefox-flatpak', version: '128.0-1.el10', arch: 'src', module: '*:*' },
    why: 'of a module that cannot be told: never a plain package',
  },
  { id: 'x%', purl: 'pkg:rpm/redhat/x%ZZ', want: { kind: 'rpm', name: 'x%ZZ' }, why: 'an escape that is none' },
])('component $id $purl: $why', ({ id, purl, want }) => {
  expect(readComponent({ id, purl })).toEqual(want);
});
