/**
 * Programs written in Go whose advisories name the product, as CPE, rather than the module.
 */
import type { FoundPackage } from '../package.ts';
import { toPackage as toProgramPackage } from '../program/package.ts';

interface KnownProgram {
  /** Path of the main module, without the `/vN` of its major version. */
  readonly module: string;
  readonly name: string;
  /** `vendor:product` of NVD, the usual one first. */
  readonly cpe: readonly string[];
}

const KNOWN: readonly KnownProgram[] = [
  { module: 'github.com/caddyserver/caddy', name: 'caddy', cpe: ['caddyserver:caddy'] },
  { module: 'github.com/containerd/containerd', name: 'containerd', cpe: ['linuxfoundation:containerd'] },
  { module: 'github.com/coredns/coredns', name: 'coredns', cpe: ['coredns.io:coredns'] },
  { module: 'github.com/distribution/distribution', name: 'distribution', cpe: ['distribution:distribution'] },
  { module: 'github.com/docker/cli', name: 'docker', cpe: ['docker:docker'] },
  { module: 'github.com/elastic/elastic-agent', name: 'elastic-agent', cpe: ['elastic:elastic_agent'] },
  { module: 'github.com/grafana/grafana', name: 'grafana', cpe: ['grafana:grafana'] },
  { module: 'github.com/grafana/loki', name: 'loki', cpe: ['grafana:loki'] },
  { module: 'github.com/hashicorp/consul', name: 'consul', cpe: ['hashicorp:consul'] },
  { module: 'github.com/hashicorp/nomad', name: 'nomad', cpe: ['hashicorp:nomad'] },
  { module: 'github.com/hashicorp/terraform', name: 'terraform', cpe: ['hashicorp:terraform'] },
  { module: 'github.com/hashicorp/vault', name: 'vault', cpe: ['hashicorp:vault'] },
  { module: 'github.com/influxdata/influxdb', name: 'influxdb', cpe: ['influxdata:influxdb'] },
  { module: 'github.com/influxdata/telegraf', name: 'telegraf', cpe: ['influxdata:telegraf'] },
  { module: 'github.com/minio/minio', name: 'minio', cpe: ['minio:minio'] },
  { module: 'github.com/nats-io/nats-server', name: 'nats-server', cpe: ['linuxfoundation:nats-server'] },
  { module: 'github.com/opencontainers/runc', name: 'runc', cpe: ['linuxfoundation:runc'] },
  { module: 'github.com/prometheus/alertmanager', name: 'alertmanager', cpe: ['prometheus:alertmanager'] },
  { module: 'github.com/prometheus/prometheus', name: 'prometheus', cpe: ['prometheus:prometheus'] },
  { module: 'github.com/traefik/traefik', name: 'traefik', cpe: ['traefik:traefik'] },
  { module: 'go.etcd.io/etcd', name: 'etcd', cpe: ['etcd:etcd'] },
  { module: 'helm.sh/helm', name: 'helm', cpe: ['helm:helm'] },
  { module: 'istio.io/istio', name: 'istio', cpe: ['istio:istio'] },
  { module: 'k8s.io/ingress-nginx', name: 'ingress-nginx', cpe: ['kubernetes:ingress-nginx'] },
  { module: 'k8s.io/kubernetes', name: 'kubernetes', cpe: ['kubernetes:kubernetes'] },
];
const BY_MODULE = new Map(KNOWN.map(program => [program.module, program]));

/**
 * The product that a Go program is, when advisories know it by name; `undefined` for all others and where the version is not
 * known. Programs built without modules are known by the path of their main package. The `go` command has the version of its toolchain.
 */
export function findKnownProgram(program: {
  readonly mainPackage: string | undefined;
  readonly mainModule: string | undefined;
  /** With its `v`. */
  readonly version: string | undefined;
  /** The standard library's version. */
  readonly toolchain: string;
}): FoundPackage | undefined {
  const { mainPackage = '', mainModule, version, toolchain } = program;
  if (mainPackage === GO_COMMAND) return toProgram('go', toolchain, ['golang:go']);
  const known =
    mainModule === undefined ? findByPackage(mainPackage) : BY_MODULE.get(mainModule.replace(/\/v\d+$/, ''));
  return known === undefined || version === undefined
    ? undefined
    : toProgram(known.name, version.replace(/^v/, ''), known.cpe);
}

/** The main package of the program that is the Go distribution's own command. */
export const GO_COMMAND = 'cmd/go';

function findByPackage(mainPackage: string): KnownProgram | undefined {
  const segments = mainPackage.split('/', 5);
  for (let length = segments.length; length >= 2; length -= 1) {
    const known = BY_MODULE.get(segments.slice(0, length).join('/'));
    if (known !== undefined) return known;
  }
  return undefined;
}

function toProgram(name: string, version: string, cpe: readonly string[]): FoundPackage | undefined {
  // A pseudo-version of v0.0.0 sorts below every fix: as a product version it would make every advisory match.
  if (!/^\d/.test(version) || version.startsWith('0.0.0-')) return undefined;
  return toProgramPackage({ rule: { name, cpe }, version });
}
