// S18: the own account: where it is logged in, and its password.
import { useEffect, useState } from 'preact/hooks';
import { api, Problem } from '../api/client';
import type { Login } from '../api/types';
import { me } from '../state/me';
import { useResource } from '../state/resource';
import { Card, ProblemBox, Skeleton, Time } from '../ui/parts';
import { NewPassword } from '../ui/password';

const asProblem = (e: unknown) =>
  e instanceof Problem ? e : new Problem(0, 'Something went wrong', String(e));

/** "Firefox on Linux" out of a user agent, for people; the whole text is the tooltip. */
export function browserName(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrome\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'Another program';
  const system = /Windows/.test(agent)
    ? 'Windows'
    : /Android/.test(agent)
      ? 'Android'
      : /iPhone|iPad/.test(agent)
        ? 'iOS'
        : /Mac OS X/.test(agent)
          ? 'macOS'
          : /Linux/.test(agent)
            ? 'Linux'
            : '';
  return system ? `${browser} on ${system}` : browser;
}

export function Account() {
  useEffect(() => {
    document.title = 'Account · WorkSight';
  }, []);
  return (
    <div class="page narrow">
      <header class="page-head">
        <h1>{me.value?.name}</h1>
        <p class="dim">{me.value?.roles.join(', ')}</p>
      </header>
      <Logins />
      <Password />
    </div>
  );
}

function Logins() {
  const r = useResource('logins', api.logins);
  const [problem, setProblem] = useState<Problem | null>(null);
  const act = async (what: () => Promise<void>) => {
    setProblem(null);
    try {
      await what();
    } catch (e) {
      setProblem(asProblem(e));
    }
    r.refresh();
  };
  const others = r.data?.items.filter((l) => !l.current).length ?? 0;
  return (
    <Card
      title="Where you are logged in"
      id="logins-title"
      aside={
        others > 0 ? (
          <button type="button" class="button small" onClick={() => act(api.endOtherLogins)}>
            End all others
          </button>
        ) : null
      }
    >
      {problem ? <ProblemBox problem={problem} /> : null}
      {r.data ? (
        <ul class="logins">
          {r.data.items.map((l: Login) => (
            <li key={l.id}>
              <div>
                <b title={l.user_agent}>{browserName(l.user_agent)}</b>
                {l.current ? <span class="badge badge-online">this one</span> : null}
                <span class="under">
                  {l.address} · used <Time at={l.last_seen_at} /> · since <Time at={l.created_at} as="full" />
                </span>
              </div>
              {l.current ? null : (
                <button type="button" class="button small" onClick={() => act(() => api.endLogin(l.id))}>
                  End<span class="sr"> the login of {browserName(l.user_agent)}</span>
                </button>
              )}
            </li>
          ))}
        </ul>
      ) : r.problem ? (
        <ProblemBox problem={r.problem} onRetry={r.refresh} />
      ) : (
        <Skeleton />
      )}
    </Card>
  );
}

function Password() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [done, setDone] = useState(false);
  const [round, setRound] = useState(0);
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    setProblem(null);
    setDone(false);
    try {
      await api.changePassword(String(form.get('current')), String(form.get('new')));
      setDone(true);
      setRound((n) => n + 1);
    } catch (err) {
      const p = asProblem(err);
      setProblem(
        p.status === 401 || p.places.some((at) => at.pointer === '/current')
          ? new Problem(401, 'The current password is another one', 'Nothing was changed.')
          : p,
      );
    }
  };
  return (
    <Card title="Change the password" id="password-title">
      <form onSubmit={submit} key={round}>
        <input type="text" name="username" autocomplete="username" value={me.value?.name} hidden readOnly />
        <label>
          Current password
          <input name="current" type="password" autocomplete="current-password" required maxLength={256} />
        </label>
        <NewPassword name="new" label="New password" />
        {problem ? <ProblemBox problem={problem} /> : null}
        <p role="status" class="field-done">
          {done ? 'Changed. Your other logins have ended.' : ''}
        </p>
        <button type="submit" class="button primary">
          Change it
        </button>
      </form>
    </Card>
  );
}
