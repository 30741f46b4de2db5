/** Options of commands that ask a server. */
import { type Command, Option } from 'commander';

/** As commander hands them over. */
export interface ServerOptions {
  readonly server?: string;
  readonly apiKeyFile?: string;
  readonly caFile?: string;
  readonly allowHttp?: boolean;
}

/** Adds the options to a command; `caFile` says for what else the certificates are. */
export function addServerOptions(command: Command, caFile = 'for the server'): Command {
  return command
    .addOption(new Option('--server <url>', 'address of the server [$PLIMSOLL_URL]'))
    .option('--api-key-file <file>', 'file with an API key; without it, the key is taken from $PLIMSOLL_API_KEY')
    .option('--ca-file <file>', `certificates (PEM) to trust besides the system’s, ${caFile}`)
    .option('--allow-http', 'speak plain http to the server, where the network is safe [$PLIMSOLL_ALLOW_HTTP=1]');
}
