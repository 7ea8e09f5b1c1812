// What stands above every page while the server gives no answer.
import { awaySince } from '../api/client';
import { clockTime } from '../lib/format';
import { Icon } from './icons';

export function AwayBar() {
  const since = awaySince.value;
  return (
    <div role="status">
      {since === null ? null : (
        <p class="away">
          <Icon name="warn" />
          <span>
            <b>No answer from the server</b> since{' '}
            <time dateTime={new Date(since).toISOString()}>{clockTime(since)}</time>. This page shows what it
            knew then and goes on by itself. Nothing is lost: agents keep what they have.
          </span>
        </p>
      )}
    </div>
  );
}
