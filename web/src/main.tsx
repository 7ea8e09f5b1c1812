// The pages of WorkSight.
//
// Map, in the order of a visit:
//   main.tsx            this: which page for which address
//   api/                one way to ask the server; types made from openapi.yaml
//   state/              who is logged in, live hints, clock, theme, fetched things
//   pages/login setup   before a login
//   pages/overview      S1     pages/sessions   S2
//   pages/session/      S3: charts, pictures, health, ledger, metrics; why.tsx is S4
//   pages/account admin own logins and password; who may do what, and who did (audit)
//   ui/ lib/ styles/    parts, pure functions, tokens and CSS
import { type JSX, render } from 'preact';
import { useEffect } from 'preact/hooks';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { awaySince, clientOnLoggedOut } from './api/client';
import { Login } from './pages/login';
import { Overview } from './pages/overview';
import { Sessions } from './pages/sessions';
import { Setup } from './pages/setup';
import { mayAudit, mayOperate, maySeeSessions, me, meLoad, meProblem, meSet } from './state/me';
import './state/prefs';
import { AwayBar } from './ui/away';
import { Empty, ProblemBox, Skeleton } from './ui/parts';
import { PlainWarning } from './ui/plain';
import { Shell } from './ui/shell';

// A part that can't be had: the server is away, or a newer one has other parts, which a reload brings.
function Unloaded() {
  return (
    <Empty title="This page did not load">
      <button type="button" class="button" onClick={() => location.reload()}>
        Load it again
      </button>
    </Empty>
  );
}
const part = (load: () => Promise<() => JSX.Element>) => lazy(() => load().catch(() => Unloaded));
const sessionPage = () => import('./pages/session/session');
const SessionPage = part(() => sessionPage().then((m) => m.SessionPage));
const Account = part(() => import('./pages/account').then((m) => m.Account));
const Admin = part(() => import('./pages/admin').then((m) => m.Admin));

function Gone() {
  useEffect(() => {
    document.title = 'No such page · WorkSight';
  }, []);
  return (
    <div class="page">
      <Empty title="There is no page at this address">
        The <a href="/dashboard/">overview</a> links to all there are.
      </Empty>
    </div>
  );
}

/** For those whose roles, as auditor, hold no session. */
function NoSessions() {
  return (
    <div class="page">
      <Empty title="Your roles show no sessions">
        {mayOperate.value ? (
          <>
            They let you see{' '}
            <a href="/admin/">how the server is{mayAudit.value ? ' and who did what' : ''}</a>.
          </>
        ) : (
          'An admin can add one that does.'
        )}
      </Empty>
    </div>
  );
}

function LoggedIn() {
  const { url, route } = useLocation();
  useEffect(() => {
    if (me.value === undefined) void meLoad();
    if (me.value === null) route(`/login?next=${encodeURIComponent(url)}`, true);
  }, [me.value, url, route]);
  useEffect(() => {
    // the page that most visits lead to, while the first one is read
    if (maySeeSessions.value) setTimeout(() => sessionPage().catch(() => {}), 1000);
  }, [maySeeSessions.value]);
  const away = awaySince.value !== null;
  useEffect(() => {
    if (!away && meProblem.value) void meLoad();
  }, [away]);
  if (meProblem.value)
    return (
      <main class="alone">
        <ProblemBox problem={meProblem.value} onRetry={meLoad} />
      </main>
    );
  if (!me.value)
    return (
      <main class="alone">
        <Skeleton />
      </main>
    );
  const sessions = maySeeSessions.value;
  return (
    <Shell>
      <ErrorBoundary>
        <Router>
          <Route path="/dashboard" component={sessions ? Overview : NoSessions} />
          <Route path="/dashboard/sessions" component={sessions ? Sessions : NoSessions} />
          <Route path="/dashboard/sessions/:id" component={sessions ? SessionPage : NoSessions} />
          <Route path="/dashboard/account" component={Account} />
          <Route path="/admin" component={Admin} />
          <Route default component={Gone} />
        </Router>
      </ErrorBoundary>
    </Shell>
  );
}

function App() {
  const { path } = useLocation();
  useEffect(() => {
    clientOnLoggedOut(() => meSet(null));
  }, []);
  if (path === '/login') return <Login />;
  if (path === '/setup') return <Setup />;
  return <LoggedIn />;
}

const root = document.getElementById('app');
if (root)
  render(
    <LocationProvider>
      <PlainWarning />
      <AwayBar />
      <App />
    </LocationProvider>,
    root,
  );
