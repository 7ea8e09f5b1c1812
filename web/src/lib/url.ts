// The address bar holds all state of a page: `?q=&status=&at=&from=&to=&metric=`.
import { useLocation } from 'preact-iso/router';

export type Params = Record<string, string | null | undefined>;

/** The address with some parameters changed; null removes one. */
export function withParams(url: string, changes: Params): string {
  const u = new URL(url, location.origin);
  for (const [k, v] of Object.entries(changes)) {
    if (v === null || v === undefined || v === '') u.searchParams.delete(k);
    else u.searchParams.set(k, v);
  }
  return u.pathname + u.search;
}

export function useParams(): {
  get: (name: string) => string | null;
  set: (changes: Params, replace?: boolean) => void;
  href: (changes: Params) => string;
} {
  const { url, route } = useLocation();
  const here = new URL(url, location.origin);
  return {
    get: (name) => here.searchParams.get(name),
    set: (changes, replace = false) => {
      const next = withParams(location.pathname + location.search, changes);
      if (next !== location.pathname + location.search) route(next, replace);
    },
    href: (changes) => withParams(url, changes),
  };
}
