/**
 * Licences as packages declare them, told apart: an SPDX identifier, an SPDX expression, or just text.
 *
 * Source: SPDX 2.3, annex D. Package managers copy whatever the author wrote, so most odd cases are text, and stay it.
 */
import parseExpression from 'spdx-expression-parse';
import deprecatedIds from 'spdx-license-ids/deprecated.json' with { type: 'json' };
import currentIds from 'spdx-license-ids/index.json' with { type: 'json' };

/** One declared licence. */
export type License =
  /** In the case of the SPDX list, whatever the package's was. */
  | { readonly kind: 'id'; readonly id: string }
  /** With operators in upper case. `isSelfContained` unless it refers to a licence that only its author's document describes. */
  | { readonly kind: 'expression'; readonly expression: string; readonly isSelfContained: boolean }
  | { readonly kind: 'text'; readonly text: string };

const IDS: ReadonlyMap<string, string> = new Map([...deprecatedIds, ...currentIds].map(id => [id.toLowerCase(), id]));

// Longer texts are licences in full. It also bounds the depth of the parser, which is recursive.
const MAX_EXPRESSION_LENGTH = 500;
// The parser skips characters that it does not know; nothing outside this set belongs to an expression.
const EXPRESSION = /^[A-Za-z0-9.+:() -]+$/;

/** What kind of licence `declared` is. Never throws. */
export function readLicense(declared: string): License {
  const text = declared.trim();
  const id = IDS.get(text.toLowerCase());
  if (id !== undefined) return { kind: 'id', id };
  if (text.length > MAX_EXPRESSION_LENGTH || !EXPRESSION.test(text)) return { kind: 'text', text };
  try {
    const expression = formatExpression(parseExpression(text));
    return { kind: 'expression', expression, isSelfContained: !expression.includes('Ref-') };
  } catch {
    return { kind: 'text', text };
  }
}

/** The expression with operators in upper case, as SPDX 2.3 wants them, and only the parentheses it needs. */
function formatExpression(node: parseExpression.Info): string {
  if (!('conjunction' in node)) {
    const exception = node.exception === undefined ? '' : ` WITH ${node.exception}`;
    return `${node.license}${node.plus === true ? '+' : ''}${exception}`;
  }
  const side = (one: parseExpression.Info) =>
    node.conjunction === 'and' && 'conjunction' in one && one.conjunction === 'or'
      ? `(${formatExpression(one)})`
      : formatExpression(one);
  return `${side(node.left)} ${node.conjunction.toUpperCase()} ${side(node.right)}`;
}
