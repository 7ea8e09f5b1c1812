// S18: what a one-time link opens: the first account, or a login for one that exists.
//
// The token stands in the fragment (/setup#TOKEN), which browsers send to nobody; it is taken out of the
// address bar at once. `?token=` is read too, for terminals that cut a link at '#'.

import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { api, Problem, type SetupLink } from '../api/client';
import { meSet } from '../state/me';
import { Command, ProblemBox, Skeleton } from '../ui/parts';
import { NewPassword } from '../ui/password';
import { Door } from '../ui/shell';

function takeToken(): string {
  const token =
    location.hash.slice(1).replace(/^token=/, '') || new URLSearchParams(location.search).get('token') || '';
  if (token) history.replaceState(null, '', '/setup');
  return decodeURIComponent(token);
}

const asProblem = (e: unknown) =>
  e instanceof Problem ? e : new Problem(0, 'Something went wrong', String(e));

export function Setup() {
  const { route } = useLocation();
  const [token] = useState(takeToken);
  const [link, setLink] = useState<SetupLink | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [formProblem, setFormProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);

  const look = () => {
    setProblem(null);
    api.lookAtLink(token).then(setLink, (e) => setProblem(asProblem(e)));
  };
  useEffect(() => {
    document.title = 'Set up · WorkSight';
    if (token) look();
  }, [token]);

  const use = async (account?: { name: string; password: string }) => {
    setBusy(true);
    setFormProblem(null);
    try {
      const askedAt = Date.now();
      const answer = await api.useLink(token, account);
      if (answer.me) meSet(answer.me, askedAt);
      route('/dashboard/', true);
    } catch (e) {
      setFormProblem(asProblem(e));
    } finally {
      setBusy(false);
    }
  };
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    void use({ name: String(form.get('name')), password: String(form.get('password')) });
  };

  let body = <Skeleton />;
  if (problem && (problem.status === 0 || problem.status >= 429))
    body = (
      <>
        <h1>The link could not be looked at</h1>
        <ProblemBox problem={problem} onRetry={look} />
      </>
    );
  else if (!token || problem)
    body = (
      <>
        <h1>{token ? 'This link is used up' : 'A one-time link is needed'}</h1>
        <p>Each link works once and for a short time. Make a fresh one on the server's machine:</p>
        <Command text="worksight-server setup --link" />
        <p>
          With an account, just <a href="/login">log in</a>.
        </p>
      </>
    );
  else if (link?.purpose === 'first_account')
    body = (
      <>
        <h1>Make the first account</h1>
        <p>
          It gets the roles <b>admin</b> (who may do what) and <b>reviewer</b> (may see pictures). Others are
          added later, each with a role of their own.
        </p>
        <form onSubmit={submit}>
          <label>
            Name
            <input name="name" autocomplete="username" required maxLength={64} autoFocus spellcheck={false} />
          </label>
          <NewPassword name="password" label="Password" />
          {formProblem ? <ProblemBox problem={formProblem} /> : null}
          <button type="submit" class="button primary wide" disabled={busy}>
            {busy ? 'Making it' : 'Make the account and go on'}
          </button>
        </form>
      </>
    );
  else if (link)
    body = (
      <>
        <h1>Welcome back</h1>
        <p>
          This link logs you in as <b>{link.name}</b>, once.
        </p>
        {formProblem ? <ProblemBox problem={formProblem} /> : null}
        <button type="button" class="button primary wide" disabled={busy} onClick={() => use()}>
          Log in as {link.name}
        </button>
      </>
    );

  return <Door>{body}</Door>;
}
