/** How projects, their images and requests are: a word each, with the reason behind it. */
import { Label, type LabelProps, Tooltip } from '@patternfly/react-core';
import type { Project, ProjectImage, ProjectRequest } from '../api/model.ts';

type Status = NonNullable<LabelProps['status']> | 'none';

/** What our checks say of an image, or how far they are. */
export function VerdictLabel({ image }: { readonly image: ProjectImage }) {
  const [text, status, reason] = verdictOf(image);
  return <StateLabel text={text} status={status} reason={reason} />;
}

function verdictOf({
  scan,
  exception,
  isVerifiedCertified,
  isReportedCertified,
}: ProjectImage): readonly [string, Status, string | null] {
  if (scan.state === 'pending' || scan.state === 'running') return ['Being checked', 'info', scan.message];
  if (exception !== null) return ['Passed by exception', 'warning', `${exception.by}: ${exception.reason}`];
  if (isVerifiedCertified === true) return ['Checks passed', 'success', null];
  if (isVerifiedCertified === false) return ['Checks failed', 'danger', null];
  if (scan.state === 'failed') return ['Could not be read', 'danger', scan.message];
  if (isReportedCertified === true)
    return ['Reported as passed', 'warning', 'A client says so; our checks have not run'];
  return ['Not checked', 'none', scan.message];
}

/** Where a project is on its way. */
export function ProjectLabel({ project }: { readonly project: Pick<Project, 'status' | 'certificationStatus'> }) {
  const { status, certificationStatus } = project;
  if (status === 'archived') return <StateLabel text="Archived" status="none" reason={null} />;
  return (
    <StateLabel
      text={certificationStatus}
      status={certificationStatus === 'Published' ? 'success' : 'info'}
      reason={null}
    />
  );
}

const REQUEST_STATES: Readonly<Record<ProjectRequest['status'], readonly [string, Status]>> = {
  pending: ['Waiting', 'none'],
  'in progress': ['Running', 'info'],
  completed: ['Done', 'success'],
  failed: ['Failed', 'danger'],
  aborted: ['Aborted', 'warning'],
};

/** How a request is. */
export function RequestLabel({ request }: { readonly request: ProjectRequest }) {
  const [text, status] = REQUEST_STATES[request.status];
  return <StateLabel text={text} status={status} reason={null} />;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  publish: 'Publish',
  unpublish: 'Unpublish',
  'sync-tags': 'Read tags again',
  delete: 'Delete',
  'publish-manifest-list': 'Publish all architectures',
  'unpublish-manifest-list': 'Unpublish all architectures',
  'delete-manifest-list': 'Delete all architectures',
};

/** What was asked for, in words. */
export function requestTitle({ kind, operation }: Pick<ProjectRequest, 'kind' | 'operation'>): string {
  return kind === 'scan' ? 'Scan' : (OPERATIONS[operation ?? ''] ?? operation ?? 'Request');
}

function StateLabel({
  text,
  status,
  reason,
}: {
  readonly text: string;
  readonly status: Status;
  readonly reason: string | null;
}) {
  const label = (
    <Label variant="outline" {...(status === 'none' ? {} : { status })}>
      {text}
    </Label>
  );
  return reason === null ? label : <Tooltip content={reason}>{<span>{label}</span>}</Tooltip>;
}
