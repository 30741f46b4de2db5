import { expect, test } from 'vitest';
import { isEvidencePath } from './cataloguer.ts';

test.each([
  { path: 'usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO', why: 'Python' },
  { path: 'usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA', why: 'Python wheels' },
  { path: 'usr/share/rubygems-integration/all/specifications/rack-2.2.22.gemspec', why: 'Ruby' },
  { path: 'usr/share/php/.registry/pear.reg', why: 'PEAR' },
  { path: 'usr/lib/R/site-library/digest/DESCRIPTION', why: 'R' },
  { path: 'usr/lib/erlang/lib/ssl-10.8.7/ebin/ssl.app', why: 'Erlang' },
  { path: 'usr/lib/erlang/releases/25/OTP_VERSION', why: 'the release of Erlang/OTP' },
  { path: 'usr/lib/rabbitmq/plugins/cowboy-2.8.0.ez', why: 'RabbitMQ’s plugins' },
  { path: 'var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf', why: 'Haskell' },
  { path: 'usr/share/wordpress/wp-includes/version.php', why: 'WordPress' },
  { path: 'usr/share/wordpress/wp-content/plugins/akismet/akismet.php', why: 'a plugin of WordPress' },
  { path: 'usr/share/npm/node_modules/tar/package.json', why: 'npm' },
  { path: 'usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json', why: '.NET' },
])('a distribution that owns $path manages the package in it ($why)', ({ path }) => {
  expect(isEvidencePath(path)).toBe(true);
});

test.each(['usr/share/doc/bash/README.md', 'etc/nginx/nginx.conf', 'usr/share/php/PEAR.php'])(
  '%s is evidence of nothing',
  path => {
    expect(isEvidencePath(path)).toBe(false);
  },
);
