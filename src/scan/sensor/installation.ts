/**
 * How a sensor is installed, word by word: commands with the address of the server and a fresh token in them.
 */

/** What the commands are filled with. */
export interface InstallationFacts {
  /** How sensors reach the server. */
  readonly serverUrl: string;
  readonly token: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The image of this version: `registry.example/plimsoll:0.1.0`. */
  readonly image: string;
}

/** One way to install a sensor. */
export interface InstallationWay {
  readonly kind: 'podman' | 'docker' | 'systemd' | 'kubernetes' | 'npx';
  readonly title: string;
  /** What to know before; one or two sentences. */
  readonly note: string;
  /** To be run, or saved where the first line says. */
  readonly text: string;
}

/** What a container of a sensor must not be able to do. */
const CONFINED = ['--read-only', '--cap-drop all', '--security-opt no-new-privileges', '--tmpfs /tmp'];

/** All ways, the simplest first. Whatever is in the facts is quoted. */
export function installationWays(facts: InstallationFacts): readonly InstallationWay[] {
  return [
    containerWay('podman', facts),
    containerWay('docker', facts),
    systemdWay(facts),
    kubernetesWay(facts),
    npxWay(facts),
  ];
}

function containerWay(kind: 'podman' | 'docker', facts: InstallationFacts): InstallationWay {
  const lines = [
    `${kind} run --detach --name plimsoll-sensor --restart on-failure`,
    ...CONFINED,
    '--volume plimsoll-sensor:/var/lib/plimsoll',
    ...environmentOf(facts).map(([name, value]) => `--env ${shell(`${name}=${value}`)}`),
    shell(facts.image),
    'sensor',
  ];
  return {
    kind,
    title: kind === 'podman' ? 'Podman' : 'Docker',
    note: 'It needs no socket of the engine and opens no port. The volume keeps its identity, so that the token is used once.',
    text: `${lines.join(' \\\n  ')}\n`,
  };
}

function systemdWay(facts: InstallationFacts): InstallationWay {
  const unit = [
    '[Unit]',
    'Description=Plimsoll sensor',
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'EnvironmentFile=/etc/plimsoll/sensor.env',
    'ExecStart=/usr/bin/env plimsoll sensor',
    'DynamicUser=yes',
    'StateDirectory=plimsoll',
    'PrivateTmp=yes',
    'ProtectSystem=strict',
    'ProtectHome=yes',
    'NoNewPrivileges=yes',
    'Restart=on-failure',
    'RestartSec=10',
    'TimeoutStopSec=15',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  const environment = environmentOf(facts).map(([name, value]) => `${name}=${value}`);
  const text = [
    'npm install --global plimsoll',
    'install -d -m 0700 /etc/plimsoll',
    "umask 077; cat > /etc/plimsoll/sensor.env <<'END'",
    ...environment,
    'END',
    "cat > /etc/systemd/system/plimsoll-sensor.service <<'END'",
    ...unit,
    'END',
    'systemctl daemon-reload && systemctl enable --now plimsoll-sensor',
  ];
  return {
    kind: 'systemd',
    title: 'systemd',
    note: 'As root, on a host with Node.js 24 or later.',
    text: `${text.join('\n')}\n`,
  };
}

function kubernetesWay(facts: InstallationFacts): InstallationWay {
  const plain = environmentOf(facts).filter(([name]) => name !== 'PLIMSOLL_SENSOR_TOKEN');
  // JSON strings are YAML strings.
  const quote = JSON.stringify;
  const text = [
    "kubectl apply -f - <<'END'",
    'apiVersion: v1',
    'kind: Secret',
    'metadata: { name: plimsoll-sensor }',
    `stringData: { token: ${quote(facts.token)} }`,
    '---',
    'apiVersion: v1',
    'kind: PersistentVolumeClaim',
    'metadata: { name: plimsoll-sensor }',
    'spec:',
    '  accessModes: [ReadWriteOnce]',
    '  resources: { requests: { storage: 30Gi } }',
    '---',
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata: { name: plimsoll-sensor }',
    'spec:',
    '  replicas: 1',
    '  strategy: { type: Recreate }',
    '  selector: { matchLabels: { app: plimsoll-sensor } }',
    '  template:',
    '    metadata: { labels: { app: plimsoll-sensor } }',
    '    spec:',
    '      automountServiceAccountToken: false',
    '      terminationGracePeriodSeconds: 15',
    '      securityContext: { runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: { type: RuntimeDefault } }',
    '      containers:',
    '        - name: sensor',
    `          image: ${quote(facts.image)}`,
    '          args: [sensor]',
    '          env:',
    ...plain.map(([name, value]) => `            - { name: ${name}, value: ${quote(value)} }`),
    '            - name: PLIMSOLL_SENSOR_TOKEN',
    '              valueFrom: { secretKeyRef: { name: plimsoll-sensor, key: token } }',
    '          resources: { requests: { cpu: 200m, memory: 256Mi }, limits: { memory: 1Gi } }',
    '          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }',
    '          volumeMounts:',
    '            - { name: state, mountPath: /var/lib/plimsoll }',
    '            - { name: tmp, mountPath: /tmp }',
    '      volumes:',
    '        - { name: state, persistentVolumeClaim: { claimName: plimsoll-sensor } }',
    '        - { name: tmp, emptyDir: {} }',
    'END',
  ];
  return {
    kind: 'kubernetes',
    title: 'Kubernetes, OpenShift',
    note: 'A deployment of one pod that needs no rights in the cluster. On OpenShift leave runAsUser and fsGroup out.',
    text: `${text.join('\n')}\n`,
  };
}

function npxWay(facts: InstallationFacts): InstallationWay {
  const environment = environmentOf(facts, '').map(([name, value]) => `${name}=${shell(value)}`);
  return {
    kind: 'npx',
    title: 'Node.js',
    note: 'To try it out, in a terminal with Node.js 24 or later. It keeps its identity in your home folder.',
    text: `${environment.join(' \\\n  ')} \\\n  npx plimsoll sensor\n`,
  };
}

/** The token is not in the arguments, which every user of a machine can read. */
function environmentOf(
  { serverUrl, token, name, labels }: InstallationFacts,
  state = '/var/lib/plimsoll',
): readonly (readonly [name: string, value: string])[] {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return [
    ['PLIMSOLL_URL', serverUrl],
    // Secrets of registries go over that connection: it is said, and never silent.
    ...(serverUrl.startsWith('http://') ? [['PLIMSOLL_ALLOW_HTTP', '1'] as const] : []),
    ['PLIMSOLL_SENSOR_TOKEN', token],
    ['PLIMSOLL_SENSOR_NAME', name],
    ...(pairs.length === 0 ? [] : [['PLIMSOLL_SENSOR_LABELS', pairs.join(',')] as const]),
    ...(state === '' ? [] : [['PLIMSOLL_SENSOR_STATE', state] as const]),
  ];
}

/** Quoted for a POSIX shell. */
function shell(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
