// What an admin holds: accounts, API keys, enrollment codes, and the commands that make them; the access log.
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { api } from '../api/client';
import type { Page } from '../api/types';
import { mayAudit, mayManage, mayOperate, me } from '../state/me';
import { useResource } from '../state/resource';
import { Icon } from '../ui/icons';
import { Card, Command, Empty, ProblemBox, Skeleton, Time } from '../ui/parts';
import { AccessLog } from './audit';

interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
}

function List<T extends { id: number }>({
  title,
  id,
  load,
  columns,
  command,
  none,
}: {
  title: string;
  id: string;
  load: (signal: AbortSignal) => Promise<Page<T>>;
  columns: Column<T>[];
  command: string;
  none: string;
}) {
  const r = useResource(id, load);
  return (
    <Card title={title} id={id}>
      {r.problem ? (
        r.problem.status === 404 ? (
          <p class="dim">This server shows no list of them yet; the command below does.</p>
        ) : (
          <ProblemBox problem={r.problem} onRetry={r.refresh} />
        )
      ) : !r.data ? (
        <Skeleton />
      ) : r.data.items.length === 0 ? (
        <p class="dim">{none}</p>
      ) : (
        <div class="table-scroll">
          <table class="rows cards-on-phone">
            <caption class="sr">{title}</caption>
            <thead>
              <tr>
                {columns.map((c) => (
                  <th scope="col" key={c.name}>
                    {c.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {r.data.items.map((row) => (
                <tr key={row.id}>
                  {columns.map((c, i) =>
                    i === 0 ? (
                      <th scope="row" key={c.name}>
                        {c.cell(row)}
                      </th>
                    ) : (
                      <td key={c.name} data-label={c.name}>
                        {c.cell(row)}
                      </td>
                    ),
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="make">To add one, on the server's machine:</p>
      <Command text={command} />
    </Card>
  );
}

const CHECK_FIX: Record<string, string> = {
  database: 'See the server log; agents keep what they have until it answers.',
  migrations: 'Run `worksight-server migrate up`.',
  disk: 'Make room, or shorten what is kept (retention settings).',
  blobs: 'Give the account that the server runs as the right to write there.',
};

/** What /readyz says to those who run it. */
function Server() {
  const r = useResource('ready', api.ready);
  useEffect(() => {
    const again = setInterval(r.refresh, 30_000);
    return () => clearInterval(again);
  }, [r.refresh]);
  return (
    <Card
      title="This server"
      id="server-title"
      aside={<span class="dim">WorkSight {me.value?.server.version}</span>}
    >
      {r.problem ? (
        <ProblemBox problem={r.problem} onRetry={r.refresh} />
      ) : !r.data ? (
        <Skeleton />
      ) : (
        <ul class="server-checks">
          {(r.data.checks ?? []).map((c) => (
            <li key={c.name} class={c.ok ? 'ok' : 'failed'}>
              <Icon name={c.ok ? 'check' : 'cross'} />
              <b>{c.name === 'blobs' ? 'pictures' : c.name}</b>
              <span>
                {c.detail}
                {c.ok ? null : <span class="under">{CHECK_FIX[c.name]}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function Admin() {
  useEffect(() => {
    document.title = 'Admin · WorkSight';
  }, []);
  if (!mayManage.value && !mayOperate.value && !mayAudit.value)
    return (
      <div class="page">
        <Empty title="This page is for admins">Your roles do not include it.</Empty>
      </div>
    );
  return (
    <div class="page">
      <header class="page-head">
        <h1>Admin</h1>
        {mayManage.value ? (
          <p class="dim">Who may do what. Secrets are shown once, when they are made, and never here.</p>
        ) : null}
      </header>
      {mayOperate.value ? <Server /> : null}
      {mayManage.value ? <Lists /> : null}
      {mayAudit.value ? <AccessLog /> : null}
    </div>
  );
}

/** Accounts, keys and codes. */
function Lists() {
  return (
    <>
      <List
        title="Accounts"
        id="users-title"
        load={api.users}
        none="There is no account."
        command="worksight-server user add NAME --role viewer --password-stdin"
        columns={[
          { name: 'Name', cell: (u) => u.name },
          { name: 'Roles', cell: (u) => u.roles.join(', ') },
          { name: 'Last login', cell: (u) => <Time at={u.last_login_at} /> },
          { name: 'State', cell: (u) => (u.disabled ? 'disabled' : 'active') },
        ]}
      />
      <List
        title="API keys"
        id="keys-list-title"
        load={api.apiKeys}
        none="There is no API key."
        command="worksight-server apikey create --role viewer --name NAME"
        columns={[
          { name: 'Name', cell: (k) => k.name },
          { name: 'Role', cell: (k) => k.role },
          { name: 'Last used', cell: (k) => <Time at={k.last_used_at} /> },
          { name: 'State', cell: (k) => (k.revoked ? 'revoked' : 'active') },
        ]}
      />
      <List
        title="Enrollment codes"
        id="codes-title"
        load={api.enrollmentCodes}
        none="There is no code. Agents on this machine need none."
        command="worksight-server enroll --expires 7d"
        columns={[
          { name: 'Made', cell: (c) => <Time at={c.created_at} as="full" /> },
          { name: 'For', cell: (c) => c.person ?? 'anybody' },
          { name: 'Good until', cell: (c) => <Time at={c.expires_at} as="full" /> },
          { name: 'State', cell: (c) => (c.revoked ? 'revoked' : c.used_at ? 'used' : 'unused') },
        ]}
      />
    </>
  );
}
