// Every setting of both programs, as `help settings` lists them, with every
// kind of wrong value, by flag, by file and by environment: exit 2, and a line
// with the name, the value and what it must be.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { program, run, tempDir } from './lib/procs.mjs';

const programs = { 'worksight-agent': 'WORKSIGHT_AGENT_', 'worksight-server': 'WORKSIGHT_SERVER_' };
const LONG = 'x'.repeat(5000);

/** The rows of a program's table: {name, kind, low, high, words}. */
async function settingsOf(name) {
  const { out } = await run(program(name), ['help', 'settings']);
  const rows = out.split('\n').flatMap((line) => {
    const [, flag, kind, rest] = /^ {2}--([a-z0-9-]+) ([A-Za-z|:,.]+) +(.*)$/.exec(line) ?? [];
    if (!flag) return [];
    const [, low, high] = /; from (\S+) to (\S+?)(?: \(|$)/.exec(rest) ?? [];
    const [, words] = /; one of ([^;(]+)/.exec(rest) ?? [];
    return [{ flag, name: flag.replaceAll('-', '_'), kind, low, high, words: words?.trim().split(', ') }];
  });
  assert.ok(rows.length > 20, out);
  return rows;
}

const units = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
const least = { DURATION: 'ms', SIZE: 'B', N: '' };
const parts = (text) => /^(-?\d+)([A-Za-z]*)$/.exec(text).slice(1);

/** One below or above a bound, in the smallest unit of its kind. */
function beside(row, bound, by) {
  const [digits, unit] = parts(bound);
  return `${Number(digits) * (units[unit] ?? 1) + by}${least[row.kind]}`;
}

/** What is wrong for each kind: class -> (row) -> value, or undefined. */
const wrong = {
  'too small': (row) => (row.low && parts(row.low)[0] !== '0' ? beside(row, row.low, -1) : undefined),
  'too large': (row) => {
    if (row.high) return beside(row, row.high, +1);
    return ['TEXT', 'PATH', 'URL', 'HOST:PORT', 'CIDR,...'].includes(row.kind) ? LONG : undefined;
  },
  'of a wrong unit': (row) => ({ DURATION: '10MiB', SIZE: '10s', N: '10s' })[row.kind],
  'without its unit': (row) => ({ DURATION: '77', SIZE: '77' })[row.kind],
  negative: (row) => ({ DURATION: '-5s', SIZE: '-5MiB', N: '-5' })[row.kind],
  empty: (row) => (['DURATION', 'SIZE', 'N', 'WORD', 'on|off', 'HOST:PORT'].includes(row.kind) ? '' : undefined),
  garbage: (row) =>
    ({ DURATION: 'soon', SIZE: 'huge', N: '1e3', WORD: 'maybe', 'on|off': 'perhaps', 'HOST:PORT': 'nowhere', URL: 'ftp://x', 'CIDR,...': '10.0.0.0/99' })[row.kind],
  'of control characters': (row) => ({ TEXT: 'a\u001b[2Kb', PATH: '/x\u0007', URL: 'http://h\u001b/' })[row.kind],
  huge: (row) => ({ DURATION: '1e300d', SIZE: '99999999999999999999TiB', N: '99999999999999999999' })[row.kind],
};

/** Does the line tell where, what, and what it must be? */
function assertSaid(text, place, row, value) {
  const line = text.split('\n').find((l) => l.startsWith(`${place}: `));
  assert.ok(line, `${row.name} = ${value.slice(0, 40)}: nothing is said of ${place} in\n${text.slice(0, 2000)}`);
  const secret = row.name === 'db' || row.name === 's3_secret';
  assert.ok(line.includes(`${row.name} is "${secret ? '(secret)' : value.slice(0, 80).replaceAll(/[\0-\x1f]/g, '?')}`), line);
  assert.match(line, /it (must be|must have|has) /, line);
  if (row.low && value !== LONG) assert.ok(line.includes(`from ${row.low} to ${row.high}`), line);
  for (const word of row.words ?? []) assert.ok(line.includes(word), line);
  if (value === LONG) assert.match(line, /5000 (bytes|characters), (at most|must have from \d+ to) \d+/, line);
}

test('worksight-server serve: what goes together or lies elsewhere is exit 2 before anything starts', async (t) => {
  const data = tempDir(t);
  const file = join(data, 'password');
  writeFileSync(file, 'secret\n');
  for (const [args, said] of [
    [['--blobs', 'foo'], /blobs "foo": no such kind; use files, or/],
    [['--blobs', 'file:/pictures'], /blobs is "file:\/pictures": it must be files, .*mount it at .*\/blobs/],
    [['--blobs', 's3://x'], /blobs "s3:\/\/x": a bucket's name has 3 to 63.*write s3:/],
    [['--blobs', 's3://bucket?endpoint=ftp://x'], /endpoint is not http.*write s3:/],
    [['--db', 'postgres://u@h/d'], /db does not begin with mysql:\/\/: write it as/],
    [['--db', 'mysql://u:pw@/'], /db: .*write it as mysql:/],
    [['--db', 'mysql://u:pw@h/d', '--db-password-file', file], /db has a password already/],
    [['--db', 'mysql://u@h/d', '--db-password-file', '/nonexistent'], /db_password_file = "\/nonexistent" can't be read/],
    [['--web-dir', file], /web_dir is ".*password": it is no folder; leave it empty/],
    [['--late', '5s', '--online', '10s'], /late is 5000 ms: it must be more than online, which is 10000 ms/],
    [['--max-request-memory', '1MiB', '--max-batch', '4MiB'], /max_request_memory is 1048576 bytes: it must be at least max_batch, which is 4194304/],
    [['--workers', '2'], /workers = 2: SQLite has one writer.*set workers = 1/],
    [['--tls-cert', file], /tls_key is not set; give both, or none/],
  ]) {
    const done = await run(program('worksight-server'), ['serve', '--listen', '127.0.0.1:0', '--data', data, ...args]);
    assert.equal(done.code, 2, `${args}: ${done.code} ${done.err}`);
    assert.match(done.err, said);
    assert.ok(!/pw|secret/.test(done.err.replaceAll(file, '')), 'no password is said');
    assert.ok(!done.err.includes('role_died'), 'no worker was tried');
  }
});

test('worksight-agent run: what goes together is exit 2 before anything starts', async (t) => {
  const state = tempDir(t);
  const rules = join(state, 'rules');
  writeFileSync(rules, 'development app=emacs\nnonsense\n');
  for (const [args, said] of [
    [['--source', 'camera'], /source is "camera": it must be auto, x11, file:DIR or synth/],
    [['--source', 'file:/nonexistent'], /"\/nonexistent" is not a folder; give/],
    [['--tier', 'L3'], /tier is L3 without a purpose[^]*add --until/],
    [['--until', '31.12.2199'], /until is "31.12.2199": it must be a day, written YYYY-MM-DD/],
    [['--acknowledge', 'yes'], /acknowledge is "yes": it must be the 64 hex digits/],
    [['--batch-max', '4MiB', '--queue-max', '1MiB'], /batch_max is 4MiB: it must be at most queue_max, which is 1MiB; raise/],
    [['--rules', '/nonexistent'], /nonexistent/],
    [['--rules', rules], /rules line 2: unknown category; write: CATEGORY/],
    [['--server', ''], /server is "": it must be an address, like http:/],
  ]) {
    const done = await run(program('worksight-agent'), ['run', '--source', 'synth', '--state', state, ...args]);
    assert.equal(done.code, 2, `${args}: ${done.code} ${done.err}`);
    assert.match(done.err, said);
    assert.equal(done.out, '');
  }
});

for (const [name, prefix] of Object.entries(programs)) {
  test(`${name}: every command has its help, by --help, -h and help, with an example that is not refused`, async (t) => {
    const { out } = await run(program(name), ['--help']);
    const commands = [...out.split('Commands:')[1].split('\n\n')[0].matchAll(/^ {2}(\S+)/gm)].map((m) => m[1]);
    assert.ok(commands.length > 9, out);
    const place = tempDir(t);
    for (const command of commands) {
      const help = await run(program(name), [command, '--help']);
      assert.equal(help.code, 0, command);
      assert.equal(help.err, '');
      for (const other of [['help', command], [command, '-h'], [command, 'x', '--help', 'y', 'z']]) assert.equal((await run(program(name), other)).out, help.out, other.join(' '));
      const examples = help.out.replaceAll('\\\n', ' ').split('\n').filter((line) => line.startsWith(`  ${name} ${command}`));
      assert.ok(examples.length > 0 || help.out.includes(`| ${name} ${command}`), `${command} has no example`);
      for (const line of help.out.split('\n')) assert.ok(line.length <= 100, line);
      if (['run', 'serve'].includes(command)) continue;
      for (const example of examples) {
        const words = example.trim().split(/ {3,}|[|<>]/)[0].split(/\s+/).slice(1);
        const where = name === 'worksight-agent' ? ['--state', join(place, 'none')] : ['--data', place];
        const done = await run('sh', ['-c', `"$0" ${words.join(' ')} "$@" < /dev/null`, program(name), ...where]);
        assert.doesNotMatch(done.err, /there is no (option|command|setting)|does not take|needs a value/, `${example}: ${done.err}`);
      }
    }
  });

  for (const [kind, make] of Object.entries(wrong)) {
    test(`${name}: a value ${kind} is refused by flag, by file and by environment`, async (t) => {
      const rows = (await settingsOf(name)).map((row) => ({ ...row, value: make(row) })).filter((row) => row.value !== undefined);
      assert.ok(rows.length > 0);
      const file = join(tempDir(t), 'bad.conf');
      writeFileSync(file, rows.map((row) => `${row.name} = ${row.value}\n`).join(''));
      const byFlag = await run(program(name), ['status', ...rows.flatMap((row) => [`--${row.flag}=${row.value}`])]);
      const byFile = await run(program(name), ['status', '--config', file]);
      const byEnv = await run(program(name), ['status'], {
        env: Object.fromEntries(rows.map((row) => [prefix + row.name.toUpperCase(), row.value])),
      });
      for (const done of [byFlag, byFile, byEnv]) {
        assert.equal(done.code, 2, done.err.slice(0, 500));
        assert.equal(done.out, '');
        assert.match(done.err, /help settings/, 'the fix');
      }
      rows.forEach((row, i) => {
        assertSaid(byFlag.err, `--${row.flag}`, row, row.value);
        assertSaid(byFile.err, `${file}:${i + 1}`, row, row.value);
        assertSaid(byEnv.err, prefix + row.name.toUpperCase(), row, row.value);
      });
    });
  }

  test(`${name}: help sample is a file of every default, which is read as such`, async (t) => {
    const { out, code } = await run(program(name), ['help', 'sample']);
    assert.equal(code, 0);
    const rows = await settingsOf(name);
    assert.deepEqual([...out.matchAll(/^#([a-z0-9_]+) = /gm)].map((m) => m[1]), rows.map((row) => row.name));
    const file = join(tempDir(t), 'sample.conf');
    const key = name === 'worksight-agent' ? 'state' : 'data';
    const text = out.replaceAll(/^#([a-z0-9_]+ = )/gm, '$1').replace(new RegExp(`^${key} = .*$`, 'm'), `${key} = ${join(file, '..')}/none`);
    writeFileSync(file, text);
    const done = await run(program(name), ['status', '--config', file]);
    assert.equal(done.code, 3, done.err);
  });

  test(`${name}: a key that a file sets twice is refused, both lines named`, async (t) => {
    const rows = await settingsOf(name);
    const file = join(tempDir(t), 'twice.conf');
    writeFileSync(file, ['# twice', ...rows.map((r) => `${r.name} = `), ...rows.map((r) => `${r.name} = `)].join('\n'));
    const done = await run(program(name), ['status', '--config', file]);
    assert.equal(done.code, 2);
    rows.forEach((row, i) => {
      const at = `${file}:${rows.length + i + 2}: ${row.name} `;
      const line = done.err.split('\n').find((l) => l.startsWith(at));
      assert.ok(line?.includes(`line ${i + 2} sets it already`), `${at} in ${done.err}`);
    });
  });

  test(`${name}: unknown keys, variables and options are refused, the nearest named`, async (t) => {
    const file = join(tempDir(t), 'unknown.conf');
    const rows = await settingsOf(name);
    const near = rows.map((row) => ({ row, typo: `${row.name.slice(0, -1)}${row.name.at(-1)}x` })).filter(({ row }) => row.name.length > 4);
    writeFileSync(file, near.map(({ typo }) => `${typo} = 1\n`).join(''));
    const byFile = await run(program(name), ['status', '--config', file]);
    assert.equal(byFile.code, 2);
    const byEnv = await run(program(name), ['status'], { env: Object.fromEntries(near.map(({ typo }) => [prefix + typo.toUpperCase(), '1'])) });
    assert.equal(byEnv.code, 2);
    near.forEach(({ row, typo }, i) => {
      assert.ok(byFile.err.includes(`${file}:${i + 1}: there is no setting "${typo}"; did you mean "${row.name}"?`), byFile.err);
      assert.ok(byEnv.err.includes(`${prefix}${typo.toUpperCase()}: there is no setting "${typo}"; did you mean "${row.name}"?`), byEnv.err);
    });
    for (const { row } of near.filter((_, i) => i % 5 === 0)) {
      const byFlag = await run(program(name), ['status', `--${row.flag}x=1`]);
      assert.equal(byFlag.code, 2);
      assert.ok(byFlag.err.includes(`there is no option --${row.flag}x\n→ did you mean: --${row.flag}\n`), byFlag.err);
    }
  });

  test(`${name}: options used wrongly say what is wrong and the fix`, async () => {
    for (const [args, said] of [
      [['status', '--json=1'], /--json=1: this option takes no value\n→ /],
      [['status', '-j'], /there is no option -j\n→ /],
      [['status', '-xyz'], /there is no option -x\n→ /],
      [['status', '--config'], /--config needs a value\n→ /],
      [['status', 'extra'], /does not take "extra"\n→ /],
      [['--json', 'status'], /no command "--json"\n→ /],
      ...(name === 'worksight-agent' ? [[['queue', 'drop'], /queue drop is not known\n→ use list, retry or purge/], [['queue', 'list', '7'], /queue list does not take "7"\n→ /]] : [[['user', 'list', 'x'], /user list does not take "x"\n→ /], [['blob'], /blob needs a word\n→ use verify/]]),
      [['help', 'nothing'], /no command "nothing"\n→ /],
      [['status', '--config', '/nonexistent/w.conf'], /"\/nonexistent\/w.conf"\n→ /],
    ]) {
      const done = await run(program(name), args);
      assert.equal(done.code, 2, args.join(' '));
      assert.match(done.err, said, args.join(' '));
      assert.equal(done.out, '');
    }
  });

  test(`${name}: a file that is none, a folder, too large or not for this user`, async (t) => {
    const dir = tempDir(t);
    const big = join(dir, 'big.conf');
    const binary = join(dir, 'binary.conf');
    writeFileSync(big, `# ${'x'.repeat(1 << 20)}\n`);
    writeFileSync(binary, 'log_level = info\n\0\n');
    for (const [path, said] of [
      [dir, /cannot be read/],
      [big, /is larger than 1MiB/],
      ['/dev/zero', /is larger than 1MiB/],
      [binary, /byte 0/],
    ]) {
      const done = await run(program(name), ['status', '--config', path]);
      assert.equal(done.code, 2, path);
      assert.match(done.err, said, path);
    }
    if (process.getuid() !== 0) return;
    const closed = join(dir, 'closed.conf');
    writeFileSync(closed, 'log_level = info\n');
    chmodSync(closed, 0o600);
    chmodSync(dir, 0o755);
    const done = await run(program(name), ['status', '--config', closed], { uid: 65534, gid: 65534 });
    assert.equal(done.code, 2, done.err);
    assert.match(done.err, /this user may not read it/);
  });

  test(`${name}: a line of a file may be long, and hold a ; or a byte order mark before it`, async (t) => {
    const dir = tempDir(t);
    const deep = join(dir, 'a; b', 'd'.repeat(200), 'e'.repeat(200));
    mkdirSync(deep, { recursive: true });
    const file = join(dir, 'long.conf');
    const key = name === 'worksight-agent' ? 'state' : 'data';
    writeFileSync(file, `\ufeff; a comment\r\n[section]\r\n  ${key} = ${deep}  \r\n\tlog_level: warn\r\n`);
    const done = await run(program(name), ['status', '--config', file]);
    assert.equal(done.code, 3, done.err);
    assert.ok(done.out.includes(`${deep}\n`), done.out);
  });
}
