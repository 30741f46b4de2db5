/**
 * Writes `tables.ts` from the migrations: `node --conditions=plimsoll-source src/store/testing/write-tables.ts`. A test compares.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { openStore, type Store } from '../database.ts';
import { migrate } from '../migrate.ts';

/** Path of the generated file. */
export const TABLES_PATH = join(import.meta.dirname, '../tables.ts');

const TYPES: Readonly<Record<string, string>> = {
  bigint: 'number',
  integer: 'number',
  smallint: 'number',
  real: 'number',
  'double precision': 'number',
  text: 'string',
  uuid: 'string',
  xid8: 'string',
  boolean: 'boolean',
  bytea: 'Uint8Array',
  jsonb: 'Json',
  'timestamp with time zone': 'Time',
};

/** The text of `tables.ts` for the schema in `store`. */
export async function tablesText({ db }: Pick<Store, 'db'>): Promise<string> {
  const { rows } = await sql<{
    tableName: string;
    columnName: string;
    dataType: string;
    isNullable: string;
    columnDefault: string | null;
    isIdentity: string;
  }>`SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity
     FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name NOT LIKE 'schema_migration%'
     ORDER BY table_name, ordinal_position`.execute(db);
  const tables = Map.groupBy(rows, row => row.tableName);
  const interfaces = [...tables].map(([table, columns]) => {
    const lines = columns.map(({ columnName, dataType, isNullable, columnDefault, isIdentity }) => {
      const type = TYPES[dataType] ?? 'never';
      const nullable = isNullable === 'YES' ? (type === 'Json' ? 'NullableJson' : `${type} | null`) : type;
      const isOptional = isIdentity === 'YES' || columnDefault !== null;
      return `  ${camel(columnName)}: ${isOptional ? `Generated<${nullable}>` : nullable};`;
    });
    return `export interface ${pascal(table)}Table {\n${lines.join('\n')}\n}`;
  });
  const all = [...tables.keys()].map(table => `  ${camel(table)}: ${pascal(table)}Table;`);
  return `/**
 * The tables as Kysely sees them. Generated from the migrations by testing/write-tables.ts: do not edit.
 */
import type { ColumnType, Generated } from 'kysely';

/** A time: ISO 8601 in UTC when read. */
type Time = ColumnType<string, string | Date, string | Date>;

/** A JSON value: parsed when read, the text of \`toJson\` when written. */
type Json = ColumnType<unknown, string, string>;
type NullableJson = ColumnType<unknown, string | null | undefined, string | null>;

${interfaces.join('\n\n')}

/** Every table by its name. */
export interface Tables {
${all.join('\n')}
}
`;
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function pascal(name: string): string {
  return camel(`_${name}`);
}

if (import.meta.main) {
  await using store = await openStore({ kind: 'pglite' });
  await migrate(store);
  writeFileSync(TABLES_PATH, await tablesText(store));
}
