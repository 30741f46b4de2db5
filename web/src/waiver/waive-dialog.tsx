/** Accepting weaknesses: which, how far that reaches, why, and until when. */
import { Alert, FormGroup, List, ListItem, Radio } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { NewWaiver } from '../api/model.ts';
import { shortDigest } from '../display/digest.tsx';
import { formatThings } from '../display/format-number.ts';
import { useChange } from '../feedback/use-change.ts';
import { CheckField, TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { createWaiver, STALE_BY_WAIVER } from './waiver-queries.ts';

/** A weakness in a package, that is to be accepted. */
export interface Waivable {
  readonly id: string;
  readonly package: string;
}

/** The image that is looked at, and its place. */
export interface WaivedPlace {
  readonly digest: string;
  readonly namespaceId: string;
  readonly namespaceName: string;
  /** Missing for an image of a project that lies in no registry which is known here. */
  readonly registry: { readonly id: string; readonly name: string } | undefined;
  readonly repository: string | undefined;
  /** How many more repositories have it: there it is counted on. */
  readonly others: number;
}

type Scope = NonNullable<NewWaiver['scope']>;
const MAX_SHOWN = 8;

export function WaiveDialog({
  findings,
  place,
  onClose,
}: {
  readonly findings: readonly Waivable[];
  readonly place: WaivedPlace;
  /** Told whether all of them were waived. */
  readonly onClose: (isDone: boolean) => void;
}) {
  const client = useQueryClient();
  const reaches = reachesOf(place);
  const [kind, setKind] = useState<Scope['kind']>('image');
  const scope = reaches.find(reach => reach.scope.kind === kind)?.scope ?? { kind: 'image', digest: place.digest };
  const [isOfPackage, setOfPackage] = useState(true);
  const [reason, setReason] = useState('');
  const [expiresOn, setExpiresOn] = useState('');
  // What was made before one was refused is not made again.
  const made = useRef(new Set<string>());
  const wanted = distinct(findings, isOfPackage);
  const waive = useChange({
    call: async () => {
      try {
        for (const one of wanted) {
          if (made.current.has(keyOf(one))) continue;
          await createWaiver({
            namespaceId: place.namespaceId,
            vulnerability: one.id,
            ...(one.package === undefined ? {} : { package: one.package }),
            scope,
            reason: reason.trim(),
            ...(expiresOn === '' ? {} : { expiresOn }),
          });
          made.current.add(keyOf(one));
        }
      } catch (error) {
        for (const key of STALE_BY_WAIVER) void client.invalidateQueries({ queryKey: [key] });
        throw error;
      }
    },
    stale: STALE_BY_WAIVER,
    done: `${wanted.length === 1 ? (wanted[0]?.id ?? '') : formatThings(wanted.length, 'weakness', 'weaknesses')} waived`,
    failed: false,
    onDone: () => onClose(true),
  });
  const mistakes = mistakesOf(waive.error);
  const [first] = wanted;
  const packages = [...new Set(findings.map(one => one.package))];
  return (
    <FormDialog
      title={wanted.length === 1 && first !== undefined ? `Waive ${first.id}?` : `Waive ${wanted.length} weaknesses?`}
      action="Waive"
      error={waive.error}
      fields={['reason', 'expiresOn']}
      isBusy={waive.isPending}
      isReady={reason.trim() !== ''}
      onSave={() => waive.mutate(undefined)}
      onClose={() => onClose(false)}
    >
      <Alert isInline isPlain variant="info" title="Told, but not counted">
        What is waived stays in the report, apart and with your reason. Counts and the overview are without it;
        certification and the catalogue are not.
      </Alert>
      <List isPlain aria-label="What is waived">
        {findings.slice(0, MAX_SHOWN).map(one => (
          <ListItem key={keyOf(one)} className="plimsoll-name">
            <strong>{one.id}</strong> in {one.package}
          </ListItem>
        ))}
        {findings.length > MAX_SHOWN && <ListItem>and {findings.length - MAX_SHOWN} more</ListItem>}
      </List>
      <FormGroup role="radiogroup" label="Where it holds" isStack>
        {reaches.map(({ scope: { kind: own }, label, description }) => (
          <Radio
            key={own}
            id={`waiver-reach-${own}`}
            name="waiver-reach"
            label={label}
            description={description}
            isChecked={kind === own}
            onChange={() => setKind(own)}
          />
        ))}
      </FormGroup>
      <CheckField
        label={packages.length === 1 ? `Only in the package ${packages[0]}` : 'Only in these packages'}
        help="Otherwise in every package that has the weakness, also one that comes later."
        isChecked={isOfPackage}
        onChange={setOfPackage}
      />
      <TextField
        label="Reason"
        isRequired
        rows={3}
        value={reason}
        onChange={setReason}
        help="For whoever reads this report in a year: why it is no danger here, or who takes the risk."
        wrong={mistakes.of('reason')}
      />
      <TextField
        label="Last day"
        type="date"
        value={expiresOn}
        onChange={setExpiresOn}
        help="In UTC. It is told again on the day after. Without one it holds until somebody ends it."
        wrong={mistakes.of('expiresOn')}
      />
    </FormDialog>
  );
}

/** The choices, narrowest first, each with how far it reaches. */
function reachesOf({ digest, registry, repository, namespaceName, others }: WaivedPlace): readonly {
  readonly scope: Scope;
  readonly label: string;
  readonly description: string;
}[] {
  const stays =
    others === 0
      ? ''
      : ` This image lies in ${formatThings(others, 'more repository', 'more repositories')}: it counts on until it is waived in all of them.`;
  return [
    {
      scope: { kind: 'image', digest },
      label: 'This image',
      description: `${shortDigest(digest)}, in every repository of ${namespaceName} that has it. The next build is asked about anew.`,
    },
    ...(registry === undefined || repository === undefined
      ? []
      : [
          {
            scope: { kind: 'repository', registryId: registry.id, repository } as const,
            label: 'This repository',
            description: `Every image of ${repository} in ${registry.name}, those that are still to come too.${stays}`,
          },
        ]),
    ...(registry === undefined
      ? []
      : [
          {
            scope: { kind: 'registry', registryId: registry.id } as const,
            label: 'This registry',
            description: `Every image of every repository of ${registry.name}.`,
          },
        ]),
    {
      scope: { kind: 'namespace' },
      label: 'The whole namespace',
      description: `Every image of every registry of ${namespaceName}.`,
    },
  ];
}

function keyOf({ id, package: name }: { readonly id: string; readonly package: string | undefined }): string {
  return `${id} ${name ?? ''}`;
}

/** One waiver for each weakness in each package, or for each weakness. */
function distinct(findings: readonly Waivable[], isOfPackage: boolean) {
  const all = findings.map(one => ({ id: one.id, package: isOfPackage ? one.package : undefined }));
  return [...new Map(all.map(one => [keyOf(one), one])).values()];
}
