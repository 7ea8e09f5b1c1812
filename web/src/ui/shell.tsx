// What is around every page: brand, navigation, who is logged in, theme, the sheet of keys.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { api, awaySince } from '../api/client';
import { zone, zoneName, zoneToggle } from '../lib/format';
import { liveState } from '../state/live';
import { mayAudit, mayManage, mayOperate, maySeeSessions, me, meSet } from '../state/me';
import { theme, themeNext } from '../state/prefs';
import { Icon, type IconName } from './icons';
import { Keys, keysOpen } from './keys';

const NAV: { href: string; icon: IconName; word: string; shown: () => boolean }[] = [
  { href: '/dashboard/', icon: 'overview', word: 'Overview', shown: () => maySeeSessions.value },
  { href: '/dashboard/sessions', icon: 'sessions', word: 'Sessions', shown: () => maySeeSessions.value },
  {
    href: '/admin/',
    icon: 'admin',
    word: 'Admin',
    shown: () => mayManage.value || mayOperate.value || mayAudit.value,
  },
  { href: '/dashboard/account', icon: 'account', word: 'Account', shown: () => true },
];

const isHere = (href: string, path: string) =>
  href === '/dashboard/' ? path === '/dashboard' : path.startsWith(href.replace(/\/$/, ''));

const LIVE = {
  off: 'Not live',
  connecting: 'Connecting',
  live: 'Live',
  polling: 'Every 30 s',
  away: 'No answer',
} as const;

const THEME = {
  system: { icon: 'auto', word: 'as the system' },
  light: { icon: 'sun', word: 'light' },
  dark: { icon: 'moon', word: 'dark' },
} as const;

export function Brand() {
  return (
    <span class="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M6 17.5h4.2l2.6-7.5 4.4 13 3-8.2 1.2 2.7H26" />
      </svg>
      WorkSight
    </span>
  );
}

export function ThemeButton() {
  const t = THEME[theme.value];
  return (
    <button type="button" class="button quiet icon-only" onClick={themeNext} title={`Colours: ${t.word}`}>
      <Icon name={t.icon} />
      <span class="sr">Colours: {t.word}. Change</span>
    </button>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const { path, route } = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);

  // a new page starts at its top, with the focus there, for those who read with the ears
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
  }, [path]);

  const live = awaySince.value === null ? liveState.value : 'away';
  const logOut = async () => {
    try {
      await api.logout();
    } finally {
      meSet(null);
      route('/login');
    }
  };

  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="side">
        <a href="/dashboard/" class="brand-link" aria-label="WorkSight, overview">
          <Brand />
        </a>
        <nav aria-label="Pages">
          {NAV.filter((n) => n.shown()).map((n) => (
            <a key={n.href} href={n.href} aria-current={isHere(n.href, path) ? 'page' : undefined}>
              <Icon name={n.icon} />
              {n.word}
            </a>
          ))}
        </nav>
        <div class="side-foot">
          <p class={`live live-${live}`} role="status">
            <span class="live-dot" aria-hidden="true" />
            {LIVE[live]}
          </p>
          <div class="side-buttons">
            <ThemeButton />
            <button
              type="button"
              class="button quiet zone"
              onClick={zoneToggle}
              title="Times in local time or UTC (t)"
            >
              {zoneName()}
              <span class="sr">: show times {zone.value === 'utc' ? 'in local time' : 'in UTC'}</span>
            </button>
            <button
              type="button"
              class="button quiet icon-only keys-button"
              onClick={() => {
                keysOpen.value = true;
              }}
              title="Keys (?)"
            >
              <Icon name="keys" />
              <span class="sr">Show the keys</span>
            </button>
          </div>
          <div class="who">
            <span class="who-name" title={me.value?.roles.join(', ')}>
              {me.value?.name}
            </span>
            <button type="button" class="button quiet icon-only" onClick={logOut} title="Log out">
              <Icon name="out" />
              <span class="sr">Log out</span>
            </button>
          </div>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <Keys />
    </div>
  );
}

/** The frame of the pages before a login. */
export function Door({ children, foot }: { children: ComponentChildren; foot?: string }) {
  return (
    <main class="door">
      <svg class="door-wave" viewBox="0 0 1200 240" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        <path d="M0 150h170l34-52 52 96 44-70 30 26h180l40-96 62 150 44-96 24 42h164l30-60 46 82 32-40 20 18h228" />
      </svg>
      <div class="door-card">
        <header>
          <Brand />
          <ThemeButton />
        </header>
        {children}
      </div>
      {foot ? <p class="door-foot">{foot}</p> : null}
    </main>
  );
}
