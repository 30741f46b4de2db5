/** HasUniqueTag: the image can be named by more than `latest`. */
import type { Check, CheckVerdict } from '../check.ts';

export const hasUniqueTag: Check = {
  name: 'HasUniqueTag',
  level: 'best',
  description: 'The image has a tag other than latest',
  why: 'latest means another image every day; only a tag of its own lets people say which one they run, and go back to it',
  fix: 'Tag the image with its version as well and push that tag: podman tag IMAGE REPOSITORY:1.0-1',
  judge({ name, tags }) {
    const isLatest = name.tag?.toLowerCase() === 'latest';
    switch (tags.kind) {
      case 'no-registry':
        return name.tag !== undefined && !isLatest
          ? {
              outcome: 'passed',
              summary: `It is named with the tag "${name.tag}"`,
              found: [{ kind: 'tag', subject: name.tag }],
            }
          : {
              outcome: 'not-applicable',
              summary: 'The image is in no registry and was given no name, so there are no tags to judge',
              found: [],
              fix: 'Say under which name it will be published: --name REGISTRY/REPOSITORY:TAG',
            };
      case 'named':
        return judgeNamed(name.tag ?? '', tags.pointsHere);
      case 'looked-for':
        return judgeFound(tags);
      case 'unknown':
        return {
          outcome: 'error',
          summary: `The tags could not be asked for: ${tags.why}`,
          found: [],
          fix: 'Name the image by a tag other than latest: such a tag is asked for alone, and no list is needed',
        };
      default:
        return tags satisfies never;
    }
  },
};

function judgeNamed(tag: string, pointsHere: boolean | undefined): CheckVerdict {
  if (pointsHere === false) {
    return {
      outcome: 'failed',
      summary: `The tag "${tag}" points at another image`,
      found: [{ kind: 'tag', subject: tag, detail: 'points at another image' }],
      differsFromPreflight: 'Preflight passes any tag but latest without asking the registry what it points at',
    };
  }
  return { outcome: 'passed', summary: `It has the tag "${tag}"`, found: [{ kind: 'tag', subject: tag }] };
}

function judgeFound({
  pointingHere,
  otherCount,
  isComplete,
}: {
  readonly pointingHere: readonly string[];
  readonly otherCount: number;
  readonly isComplete: boolean;
}): CheckVerdict {
  const [tag] = pointingHere;
  if (tag !== undefined) {
    return {
      outcome: 'passed',
      summary: `It has the tag "${tag}"`,
      found: pointingHere.map(subject => ({ kind: 'tag', subject })),
    };
  }
  if (otherCount === 0) return { outcome: 'failed', summary: 'The repository has no tag other than latest', found: [] };
  const differs = 'Preflight passes when the repository has any other tag, whatever that points at';
  if (!isComplete) {
    return {
      outcome: 'error',
      summary: `None of the tags looked at points at the image, and the repository has too many to look at all`,
      found: [],
      fix: 'Name the image by its tag',
      differsFromPreflight: differs,
    };
  }
  return {
    outcome: 'failed',
    summary: `None of the repository’s ${otherCount} other tags points at the image`,
    found: [],
    differsFromPreflight: differs,
  };
}
