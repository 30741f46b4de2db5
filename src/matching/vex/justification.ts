/** Reasons of statements as people read them. */
import type { VexStatus } from './statement.ts';

/** What the formats' words mean. Source: OpenVEX and CSAF, "Status Justifications"; CycloneDX, "Impact Analysis Justification". */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['component_not_present', 'the component is not there'],
  ['vulnerable_code_not_present', 'the vulnerable code is not there'],
  ['code_not_present', 'the vulnerable code is not there'],
  ['vulnerable_code_not_in_execute_path', 'the vulnerable code is never run'],
  ['code_not_reachable', 'the vulnerable code is never run'],
  ['vulnerable_code_cannot_be_controlled_by_adversary', 'an attacker cannot control the vulnerable code'],
  ['inline_mitigations_already_exist', 'it is mitigated already'],
  ['requires_configuration', 'it needs a configuration that is not in use'],
  ['requires_dependency', 'it needs a dependency that is not there'],
  ['requires_environment', 'it needs an environment that is not in use'],
  ['protected_by_compiler', 'the compiler protects against it'],
  ['protected_at_runtime', 'it is prevented at run time'],
  ['protected_at_perimeter', 'it is blocked on the way'],
  ['protected_by_mitigating_control', 'it is mitigated already'],
]);

const STATUS_WORDS: Readonly<Record<VexStatus, string>> = {
  not_affected: 'not affected',
  affected: 'affected',
  fixed: 'fixed',
  under_investigation: 'under investigation',
};

const MAX_NOTE_LENGTH = 500;

/** Justification and note in one line, without full stop; the status alone when the statement gives no reason. */
export function readJustification(
  status: VexStatus,
  justification: string | undefined,
  note: string | undefined,
): string {
  const word =
    justification === undefined ? undefined : (WORDS.get(justification) ?? justification.replaceAll('_', ' '));
  const written = note?.replace(/\s+/g, ' ').trim().slice(0, MAX_NOTE_LENGTH).replace(/\.$/, '');
  const parts = [word, written].filter(part => part !== undefined && part !== '');
  return parts.length === 0 ? STATUS_WORDS[status] : parts.join(': ');
}
