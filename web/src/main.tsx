// The pages of WorkSight.
//
// Map, in the order of a visit:
//   main.tsx            this: which page for which address
//   api/                one way to ask the server; types made from openapi.yaml
//   state/              who is logged in, live hints, clock, theme, fetched things
//   pages/login setup   before a login
//   pages/overview      S1     pages/sessions   S2
//   pages/session/      S3: charts, pictures, health, ledger, metrics; why.tsx is S4
//   pages/account admin own logins and password; who may do what
//   ui/ lib/ styles/    parts, pure functions, tokens and CSS
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { clientOnLoggedOut } from './api/client';
import { Login } from './pages/login';
import { Overview } from './pages/overview';
import { Sessions } from './pages/sessions';
import { Setup } from './pages/setup';
import { me, meLoad, meProblem, meSet } from './state/me';
import './state/prefs';
import { Empty, ProblemBox, Skeleton } from './ui/parts';
import { PlainWarning } from './ui/plain';
import { Shell } from './ui/shell';

const SessionPage = lazy(() => import('./pages/session/session').then((m) => m.SessionPage));
const Account = lazy(() => import('./pages/account').then((m) => m.Account));
const Admin = lazy(() => import('./pages/admin').then((m) => m.Admin));

function Gone() {
  return (
    <Empty title="There is no page at this address">
      The <a href="/dashboard/">overview</a> links to all there are.
    </Empty>
  );
}

function LoggedIn() {
  const { url, route } = useLocation();
  useEffect(() => {
    if (me.value === undefined) void meLoad();
    if (me.value === null) route(`/login?next=${encodeURIComponent(url)}`, true);
  }, [me.value, url, route]);
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
  return (
    <Shell>
      <ErrorBoundary>
        <Router>
          <Route path="/dashboard" component={Overview} />
          <Route path="/dashboard/sessions" component={Sessions} />
          <Route path="/dashboard/sessions/:id" component={SessionPage} />
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
      <App />
    </LocationProvider>,
    root,
  );
