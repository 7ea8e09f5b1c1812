// A new password, asked for so that it can be seen and is long enough.
import { useState } from 'preact/hooks';

export const PASSWORD_MIN = 12; // as PASSWORD_MIN_CHARS of the server

export function NewPassword({ name, label }: { name: string; label: string }) {
  const [value, setValue] = useState('');
  const [shown, setShown] = useState(false);
  const left = PASSWORD_MIN - [...value].length;
  return (
    <label>
      {label}
      <span class="with-button">
        <input
          name={name}
          type={(shown ? 'text' : 'password') as 'password'}
          autocomplete="new-password"
          required
          minLength={PASSWORD_MIN}
          maxLength={256}
          aria-describedby={`${name}-hint`}
          onInput={(e) => setValue(e.currentTarget.value)}
        />
        <button
          type="button"
          class="button quiet small"
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? 'Hide' : 'Show'}
        </button>
      </span>
      <span id={`${name}-hint`} class="hint">
        {left > 0
          ? `${left} more ${left === 1 ? 'character' : 'characters'}. A few words in a row are easy to keep.`
          : 'Long enough.'}
      </span>
    </label>
  );
}
