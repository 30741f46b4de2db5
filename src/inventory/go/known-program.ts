/**
 * Programs written in Go whose advisories name the product, as CPE, rather than the module.
 */
import type { FoundPackage } from '../package.ts';
import { toPackage as toProgramPackage } from '../program/package.ts';

/** A product written in Go. */
export interface KnownProgram {
  /** Path of the main module, without the `/vN` of its major version. */
  readonly module: string;
  readonly name: string;
  /** `vendor:product` of NVD, the usual one first. */
  readonly cpe: readonly string[];
}

const KNOWN: readonly KnownProgram[] = [
  { module: 'github.com/caddyserver/caddy', name: 'caddy', cpe: ['caddyserver:caddy'] },
  { module: 'github.com/containers/buildah', name: 'buildah', cpe: ['buildah_project:buildah'] },
  { module: 'github.com/containers/podman', name: 'podman', cpe: ['podman_project:podman'] },
  { module: 'github.com/containerd/containerd', name: 'containerd', cpe: ['linuxfoundation:containerd'] },
  { module: 'github.com/coredns/coredns', name: 'coredns', cpe: ['coredns.io:coredns'] },
  { module: 'github.com/distribution/distribution', name: 'distribution', cpe: ['distribution:distribution'] },
  { module: 'github.com/docker/cli', name: 'docker', cpe: ['docker:docker'] },
  { module: 'github.com/docker/docker', name: 'docker', cpe: ['docker:docker', 'mobyproject:moby'] },
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
  { module: 'github.com/moby/moby', name: 'docker', cpe: ['docker:docker', 'mobyproject:moby'] },
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

/** The main package of the Go distribution's own command. */
export const GO_COMMAND = 'cmd/go';

/**
 * The product that a Go program is, when advisories know it by name. Programs built without modules are known by the path of
 * their main package.
 */
export function findKnownProgram(mainModule: string | undefined, mainPackage = ''): KnownProgram | undefined {
  if (mainModule !== undefined) return BY_MODULE.get(mainModule.replace(/\/v\d+$/, ''));
  const segments = mainPackage.split('/', 5);
  for (let length = segments.length; length >= 2; length -= 1) {
    const known = BY_MODULE.get(segments.slice(0, length).join('/'));
    if (known !== undefined) return known;
  }
  return undefined;
}

/** The package of a product; none when `version` (with its `v`) is not a release. */
export function toProduct({ name, cpe }: KnownProgram, version: string): FoundPackage[] {
  // A pseudo-version of v0.0.0 sorts below every fix: as a product version it would make every advisory match.
  if (!/^v\d/.test(version) || version.startsWith('v0.0.0-')) return [];
  return [toProgramPackage({ rule: { name, cpe }, version: version.slice(1) })];
}

/** The packages of the Go distribution: `toolchain` is the module that its advisories name. */
export function toDistribution(version: string): FoundPackage[] {
  const toolchain: FoundPackage = { type: 'golang', name: 'toolchain', version };
  return /^\d/.test(version)
    ? [toolchain, toProgramPackage({ rule: { name: 'go', cpe: ['golang:go'] }, version })]
    : [toolchain];
}
