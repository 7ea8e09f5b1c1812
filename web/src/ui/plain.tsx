// The warning of a server that was told to serve pages without encryption (plain_http).
import { signal } from '@preact/signals';
import { Icon } from './icons';

const plain = signal(false);

/** The server says it with every answer; over https it can't be so. */
async function look(): Promise<void> {
  if (location.protocol !== 'http:') return;
  try {
    const answer = await fetch('/healthz', { method: 'HEAD' });
    plain.value = answer.headers.get('x-worksight-warning') === 'plain-http';
  } catch {
    // no answer: the page that asks for more says so
  }
}
void look();

export function PlainWarning() {
  if (!plain.value) return null;
  return (
    <p class="plain-warning" role="alert">
      <Icon name="warn" />
      <span>
        This page is not encrypted: whoever stands between you and the server can read it, and your password.
        Ask for https.
      </span>
    </p>
  );
}
