/** From an Erlang application to a package. */
import { declaredLicenses } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { AppRow } from './parse-app.ts';

/** The package of one application: of type `otp` when it is a part of Erlang/OTP or Elixir, which Hex does not carry. */
export function toPackage(row: AppRow): FoundPackage {
  return {
    type: PLATFORM_APPLICATIONS.has(row.name) ? 'otp' : 'hex',
    name: row.name,
    version: row.version,
    ...declaredLicenses(row.licenses),
  };
}

/** The release of Erlang/OTP itself, under the name that the program's advisories use. */
export function toRelease(version: string): FoundPackage {
  return { type: 'generic', name: 'erlang', version };
}

/** Erlang/OTP 17 to 28, folder lib/ and erts, and the applications of Elixir 1.0 to 1.18. */
const PLATFORM_APPLICATIONS = new Set(
  `asn1 common_test compiler cosEvent cosEventDomain cosFileTransfer cosNotification cosProperty cosTime cosTransactions crypto
  debugger dialyzer diameter edoc eldap erl_docgen erl_interface erts et eunit ftp gs hipe ic inets jinterface kernel megaco mnesia
  observer odbc orber os_mon ose otp_mibs parsetools percept public_key reltool runtime_tools sasl snmp ssh ssl stdlib
  syntax_tools test_server tftp tools typer webtool wx xmerl
  eex elixir ex_unit iex logger mix`.split(/\s+/),
);
