/** Filters of GraphQL: objects whose fields are those of documents, with `and`, `or`, `nor`, `not`, and comparisons at the leaves. */
import { isJsonObject } from '#project/merge-deep.ts';
import { orderOf, valuesAt } from './rsql-match.ts';

const MAX_DEPTH = 20;

/** Whether a document meets a filter; without one every document does. Lists meet what one of their elements meets. */
export function meetsInput(document: unknown, filter: unknown, depth = 0): boolean {
  if (!isJsonObject(filter) || depth > MAX_DEPTH) return filter === null || filter === undefined;
  return Object.entries(filter).every(([name, wanted]) => {
    if (wanted === null || wanted === undefined) return true;
    switch (name) {
      case 'and':
        return listOf(wanted).every(part => meetsInput(document, part, depth + 1));
      case 'or':
        return listOf(wanted).some(part => meetsInput(document, part, depth + 1));
      case 'nor':
        return !listOf(wanted).some(part => meetsInput(document, part, depth + 1));
      case 'not':
        return !meetsInput(document, wanted, depth + 1);
      default:
        return meetsField(valuesAt(document, [name], 0), wanted, depth);
    }
  });
}

/** The values that a filter says a field must be among; `undefined` when it does not say. For looking only among those. */
export function wantedIn(filter: unknown, field: string, depth = 0): readonly string[] | undefined {
  if (!isJsonObject(filter) || depth > MAX_DEPTH) return undefined;
  const own = filter[field];
  if (isJsonObject(own)) {
    if (typeof own['eq'] === 'string') return [own['eq']];
    if (Array.isArray(own['in'])) return own['in'].filter(one => typeof one === 'string');
  }
  for (const part of listOf(filter['and'])) {
    const found = wantedIn(part, field, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function meetsField(values: readonly unknown[], wanted: unknown, depth: number): boolean {
  if (!isJsonObject(wanted)) return true;
  const each = values.flatMap(value => (Array.isArray(value) ? value : [value]));
  const isLeaf = Object.keys(wanted).some(name => OPERATORS.has(name));
  if (!isLeaf) {
    const inner = isJsonObject(wanted['element']) ? wanted['element'] : wanted;
    return each.some(value => meetsInput(value, inner, depth + 1));
  }
  return Object.entries(wanted).every(([operator, operand]) => {
    if (operand === undefined) return true;
    switch (operator) {
      case 'ne':
        return !each.some(value => isEqual(value, operand));
      case 'out':
        return !each.some(value => listOf(operand).some(one => isEqual(value, one)));
      case 'in':
        return each.some(value => listOf(operand).some(one => isEqual(value, one)));
      case 'eq':
        return each.some(value => isEqual(value, operand));
      default:
        return each.some(value => {
          const order = orderOf(value, operand);
          return order !== undefined && (ORDERS[operator] ?? []).includes(order);
        });
    }
  });
}

const ORDERS: Readonly<Record<string, readonly number[]>> = { lt: [-1], le: [-1, 0], gt: [1], ge: [1, 0] };
const OPERATORS: ReadonlySet<string> = new Set(['eq', 'ne', 'in', 'out', ...Object.keys(ORDERS)]);

function isEqual(value: unknown, wanted: unknown): boolean {
  return wanted === null ? value === undefined || value === null : orderOf(value, wanted) === 0;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
