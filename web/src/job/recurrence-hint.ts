/**
 * The rules of recurrence in words, as far as they apply to what is chosen. The arithmetic is the server's; docs/scan-jobs.md has it whole.
 */
import { intervalOf, type JobDraft } from './job-draft.ts';

/** Sentences below the recurrence of a job. */
export function recurrenceHints(draft: JobDraft): readonly string[] {
  if (draft.scanType === 'OnDemand')
    return ['It runs once, as soon as you save it, and again whenever you restart it.'];
  const days = intervalOf(draft);
  const where = draft.timezone;
  if (!Number.isInteger(days) || days < 1 || days > 365) return ['Write a whole number of days from 1 to 365.'];
  const hints: string[] = [];
  if (days === 1) {
    hints.push(
      `It runs every day at ${draft.startTime || '…'} on the clock of ${where}; the first time today, if that is still ahead.`,
    );
    hints.push('A time that a clock change skips means the first moment after it; one that comes twice runs once.');
  } else if (days === 7) {
    const day = capital(draft.weekDay);
    hints.push(
      draft.runBaselineNow
        ? `The first run begins as soon as you save it; then it runs every ${day} at midnight in ${where}.`
        : `It runs every ${day} at midnight in ${where}, the first time on the next one.`,
    );
  } else {
    hints.push(
      `The first run begins as soon as you save it; the next ones every ${days} times 24 hours after the planned one.`,
    );
    hints.push('A start time can be chosen for a daily recurrence alone.');
  }
  if (!draft.pinStart)
    hints.push('A run may begin up to ten minutes later when several jobs of the registry share a minute.');
  hints.push('A due time during a run is skipped and counted.');
  hints.push(
    draft.scanAllImages
      ? 'Every run scans every image within the limit, known or not.'
      : 'The first run scans every image that matches, later ones those that are new. New advisories reach known images without scanning them again.',
  );
  return hints;
}

/** Why "Scan all images" cannot be chosen as things are; `undefined` when it can. */
export function scanAllRefusal(draft: Pick<JobDraft, 'scanType' | 'interval' | 'intervalDays'>): string | undefined {
  if (draft.scanType === 'OnDemand' || intervalOf(draft) >= 7) return undefined;
  return 'Automatic jobs can scan all images every 7 days at most: choose a longer recurrence first.';
}

function capital(word: string): string {
  return `${word.charAt(0)}${word.slice(1).toLowerCase()}`;
}
