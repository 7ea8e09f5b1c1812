// mysql.mjs - the same flows over MySQL: WS_SERVER_DB=mysql://USER:PASSWORD@HOST:PORT
// names a server; each data folder of a test has a database of its own there.

import { basename } from 'node:path';

const given = process.env.WS_SERVER_DB;
const server = given ? new URL(given) : null;

/** Is the server under test run with --db? */
export const onMysql = Boolean(server);

export const nameOf = (data) => `ws_${basename(data)}`.replace(/[^A-Za-z0-9_]/g, '_');

/** How to run the client: the password goes by the environment. */
export function client(args) {
  return {
    file: 'mariadb',
    args: ['--no-defaults', '-h', server.hostname, '-P', server.port || '3306', '-u', decodeURIComponent(server.username),
      '--default-character-set=utf8mb4', '--init-command=SET sql_mode="ANSI_QUOTES,PIPES_AS_CONCAT"', ...args],
    options: { env: { MYSQL_PWD: decodeURIComponent(server.password) } },
  };
}

/** Make the database of a data folder; the --db to serve it with. */
export async function addressOf(data, run) {
  const made = client(['-e', `CREATE DATABASE IF NOT EXISTS ${nameOf(data)}`]);
  const { code, err } = await run(made.file, made.args, made.options);
  if (code !== 0) throw new Error(`mariadb: ${err}`);
  return `${given.replace(/\/$/, '')}/${nameOf(data)}`;
}

/** The tests' queries are SQLite's: the few words that differ. */
const translate = (sql) =>
  sql
    .replace(/\bAS TEXT\)/g, 'AS CHAR)')
    .replace(/\bat \/ /g, 'at DIV ')
    .replace(/\bblob\b/g, '"blob"')
    .replace(/(?<![."\w])key\b/g, '"key"');

const unescape = (text) =>
  text.replace(/&(lt|gt|quot|amp);/g, (_, name) => ({ lt: '<', gt: '>', quot: '"', amp: '&' })[name]);

/** Rows as sqlite() gives them; texts of digits come as numbers. */
export async function rowsOf(data, sql, run) {
  const asked = client(['--xml', nameOf(data), '-e', translate(sql)]);
  const { code, out, err } = await run(asked.file, asked.args, asked.options);
  if (code !== 0) throw new Error(`mariadb: ${err}`);
  return [...out.matchAll(/<row>([\s\S]*?)<\/row>/g)].map(([, row]) =>
    Object.fromEntries(
      [...row.matchAll(/<field name="([^"]*)"(?: xsi:nil="true" \/>|>([\s\S]*?)<\/field>)/g)].map(([, name, value]) => {
        if (value === undefined) return [name, null];
        const text = unescape(value);
        return [name, /^-?(0|[1-9]\d{0,15})(\.\d+)?$/.test(text) ? Number(text) : text];
      }),
    ),
  );
}
