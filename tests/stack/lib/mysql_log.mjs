// mysql_log.mjs - what a MySQL server did, in its own words: the log of slow
// statements with a bound of 0, as a table; and how it would do it again.

import { client, nameOf } from '../../flow/lib/mysql.mjs';
import { run } from '../../flow/lib/procs.mjs';

async function sql(text, args = ['-BN']) {
  const asked = client([...args, '-e', text]);
  const { code, out, err } = await run(asked.file, asked.args, asked.options);
  if (code !== 0) throw new Error(`mariadb: ${err} ${text}`);
  return out;
}

/** Log every statement of every connection made from now on; how to end it. */
export async function logEverything() {
  await sql("SET GLOBAL log_output = 'TABLE'; SET GLOBAL long_query_time = 0; SET GLOBAL slow_query_log = ON");
  return () => sql("SET GLOBAL slow_query_log = OFF; SET GLOBAL long_query_time = 10; SET GLOBAL log_output = 'FILE'");
}

/** What was logged of a data folder's database. */
export async function readLog(data) {
  const out = await sql(`SELECT rows_examined, hex(sql_text) FROM mysql.slow_log WHERE db = '${nameOf(data)}'`);
  return out.trim().split('\n').map((line) => {
    const [rows, text] = line.split('\t');
    return { sql: Buffer.from(text, 'hex').toString().trim(), cost: Number(rows) };
  });
}

/** The tables that a statement would read from end to end. */
export async function scansOf(data, statement) {
  const [head, ...rows] = (await sql(`EXPLAIN FORMAT=TRADITIONAL ${statement}`, ['-B', nameOf(data)])).trim().split('\n').map((line) => line.split('\t'));
  if (!head.includes('type')) throw new Error(`no plan: ${head.join()}`);
  const column = (row, name) => row[head.indexOf(name)];
  return rows
    .filter((row) => ['ALL', 'index'].includes(column(row, 'type')) && !/^(<|NULL)/.test(column(row, 'table')))
    .map((row) => `${column(row, 'table')} (${column(row, 'type')} ${column(row, 'key')})`);
}
