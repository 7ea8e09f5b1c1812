// people.mjs - accounts as a test has them: made by command, used by cookie.

import { run, program } from './procs.mjs';
import { ask } from './wire.mjs';

export const PASSWORD = 'tulip gravel seven moth';
export const ROLES = ['viewer', 'reviewer', 'manager', 'admin', 'auditor', 'person'];

/** Run `worksight-server COMMAND` on a data folder; JSON when it prints it. */
export async function command(data, args, options = {}) {
  const result = await run(program('worksight-server'), [...args, '--data', data], options);
  try {
    result.json = JSON.parse(result.out);
  } catch {
    result.json = undefined;
  }
  return result;
}

/** Make an account by command. */
export async function addUser(data, name, role, { team, password = PASSWORD } = {}) {
  const args = ['user', 'add', name, '--role', role, '--password-stdin'];
  if (team) args.push('--team', team);
  const made = await command(data, args, { input: `${password}\n` });
  if (made.code !== 0) throw new Error(`user add: ${made.err}`);
}

/** Somebody at a browser: a cookie and the token of CSRF. */
export class Person {
  constructor(server, cookie, me) {
    this.server = server;
    this.cookie = cookie;
    this.me = me;
  }

  static post(server, path, body, headers = {}) {
    return ask(`${server}${path}`, {
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  static async login(server, name, password = PASSWORD, headers = {}) {
    const answer = await Person.post(server, '/api/v1/login', { name, password }, headers);
    if (answer.status !== 200) throw new Error(`login: ${answer.status} ${answer.text}`);
    return Person.of(server, answer, answer.json);
  }

  static of(server, answer, me) {
    const cookie = answer.headers.get('set-cookie').split(';')[0];
    return new Person(server, cookie, me);
  }

  /** A request by cookie; with the CSRF token where a page would send it. */
  ask(path, { method = 'GET', headers = {}, body } = {}) {
    const csrf = method === 'GET' ? {} : { 'X-CSRF-Token': this.me.csrf_token };
    return ask(`${this.server}${path}`, {
      method,
      headers: { Cookie: this.cookie, ...csrf, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  async get(path) {
    const answer = await this.ask(path);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** Every item of a list, page by page; `between` runs after each page. */
  async all(path, { limit = 50, between } = {}) {
    const items = [];
    let cursor = null;
    do {
      const url = new URL(path, this.server);
      url.searchParams.set('limit', limit);
      if (cursor) url.searchParams.set('cursor', cursor);
      const page = await this.get(url.pathname + url.search);
      items.push(...page.items);
      cursor = page.next_cursor;
      if (between) await between(page);
    } while (cursor);
    return items;
  }
}
