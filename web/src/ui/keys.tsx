// The keys that work everywhere, and the sheet that lists them.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { zoneToggle } from '../lib/format';
import { Icon } from './icons';

export const keysOpen = signal(false);

const SHEET: [string, [string, string][]][] = [
  [
    'Everywhere',
    [
      ['?', 'This sheet'],
      ['/', 'Search'],
      ['g o', 'Overview'],
      ['g s', 'Sessions'],
      ['g a', 'Account'],
      ['t', 'Times in local time or UTC'],
      ['Esc', 'Close what is open'],
    ],
  ],
  [
    'On a session',
    [
      ['← →', 'One picture back or on'],
      ['space', 'Play the pictures, or stop'],
      ['j k', 'Older or newer metric'],
      ['w', 'Why this score'],
      ['l', 'Back to live'],
    ],
  ],
];

const GO: Record<string, string> = { o: '/dashboard/', s: '/dashboard/sessions', a: '/dashboard/account' };

/** True while the person types: single keys are theirs then. */
export function keysBelongToField(e: KeyboardEvent): boolean {
  const t = e.target as HTMLElement | null;
  return (
    e.ctrlKey ||
    e.metaKey ||
    e.altKey ||
    !!t?.closest('input:not([type=range]), textarea, select, [contenteditable]')
  );
}

export function Keys() {
  const { route } = useLocation();
  const dialog = useRef<HTMLDialogElement>(null);
  const pendingGo = useRef(0);

  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (keysBelongToField(e) || document.querySelector('dialog[open]')) return;
      const going = Date.now() - pendingGo.current < 1200;
      pendingGo.current = 0;
      const to = going ? GO[e.key] : undefined;
      if (to) {
        e.preventDefault();
        route(to);
      } else if (e.key === 'g') pendingGo.current = Date.now();
      else if (e.key === '?') keysOpen.value = true;
      else if (e.key === 't') zoneToggle();
      else if (e.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[type=search]');
        e.preventDefault();
        if (search) search.focus();
        else route('/dashboard/sessions?search=1');
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [route]);

  useEffect(() => {
    const d = dialog.current;
    if (!d) return;
    if (keysOpen.value && !d.open) d.showModal();
    if (!keysOpen.value && d.open) d.close();
  }, [keysOpen.value]);

  const close = () => {
    keysOpen.value = false;
  };
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="keys-title" onClose={close}>
      <header class="card-head">
        <h2 id="keys-title">Keys</h2>
        <button type="button" class="button quiet icon-only" onClick={close} title="Close">
          <Icon name="cross" />
          <span class="sr">Close</span>
        </button>
      </header>
      <div class="keys-groups">
        {SHEET.map(([group, rows]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {rows.map(([k, what]) => (
                <div key={k}>
                  <dt>
                    {k.split(' ').map((one) => (
                      <kbd key={one}>{one}</kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}
