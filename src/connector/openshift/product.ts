/**
 * The integrated registry of OpenShift.
 */
import type { RegistryProduct } from '../connector.ts';
import { checkOpenshiftSettings, OPENSHIFT } from './settings.ts';

export const openshift: RegistryProduct = {
  ...OPENSHIFT,
  label: 'OpenShift',
  credentialKinds: ['token'],
  addressHint:
    'The route of the registry: `default-route-openshift-image-registry.apps.cluster.example`. From inside of the cluster: `image-registry.openshift-image-registry.svc:5000`',
  credentialHelp: [
    'Give the **token of a service account** that may read image streams:',
    '',
    '```',
    'oc create serviceaccount plimsoll -n openshift-image-registry',
    'oc adm policy add-cluster-role-to-user registry-viewer -z plimsoll -n openshift-image-registry',
    'oc create token plimsoll -n openshift-image-registry --duration=8760h',
    '```',
    '',
    'For single projects in place of all: `oc policy add-role-to-user registry-viewer -z plimsoll -n PROJECT`, and name the project.',
    'Tokens made this way end, and the cluster may shorten them. One without end comes with a Secret of the type',
    '`kubernetes.io/service-account-token`; recent versions make none by themselves. The route has to be opened by an administrator',
    '(`defaultRoute: true` in the configuration of the image registry operator).',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: checkOpenshiftSettings,
  open: async options => (await import('./connector.ts')).openOpenshift(options),
};
