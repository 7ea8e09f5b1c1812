// S18: name and password.

import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { api, Problem } from '../api/client';
import { duration } from '../lib/format';
import { meSet } from '../state/me';
import { Command } from '../ui/parts';
import { Door } from '../ui/shell';

/** Where to after a login: only a page of ours. */
export function safeNext(next: string | null): string {
  if (!next) return '/dashboard/';
  try {
    const u = new URL(next, location.origin);
    const ours = u.origin === location.origin && /^\/(dashboard|admin)(\/|$)/.test(u.pathname);
    return ours ? u.pathname + u.search : '/dashboard/';
  } catch {
    return '/dashboard/';
  }
}

export function Login() {
  const { query, route } = useLocation();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const password = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = 'Log in · WorkSight';
  }, []);

  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    setBusy(true);
    setProblem(null);
    try {
      const askedAt = Date.now();
      meSet(await api.login(String(form.get('name')), String(form.get('password'))), askedAt);
      route(safeNext(query.next ?? null), true);
    } catch (err) {
      setProblem(err instanceof Problem ? err : new Problem(0, 'Something went wrong', String(err)));
      if (password.current) {
        password.current.value = '';
        password.current.focus();
      }
    } finally {
      setBusy(false);
    }
  };

  const words =
    problem?.status === 401
      ? 'That name and password do not go together.'
      : problem?.retryAfterS
        ? `Too many tries. Wait ${duration(problem.retryAfterS * 1000)}, then try again.`
        : (problem?.detail ?? problem?.title);
  return (
    <Door foot="Everything recorded is shown to the person it is about. There is no hidden mode.">
      <h1>Log in</h1>
      <form onSubmit={submit}>
        <label>
          Name
          <input name="name" autocomplete="username" required maxLength={64} autoFocus spellcheck={false} />
        </label>
        <label>
          Password
          <input
            ref={password}
            name="password"
            type="password"
            autocomplete="current-password"
            required
            maxLength={256}
            aria-describedby="login-problem"
          />
        </label>
        <p id="login-problem" class="field-problem" role="alert">
          {words}
        </p>
        <button type="submit" class="button primary wide" disabled={busy}>
          {busy ? 'Checking' : 'Log in'}
        </button>
      </form>
      <details>
        <summary>No account yet, or the password is lost?</summary>
        <p>Whoever runs the server makes a one-time link on its machine:</p>
        <Command text="worksight-server setup --link" />
      </details>
    </Door>
  );
}
