import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ComponentProps } from 'react';

/* Pages come from folders, so the compiler does not know their paths; these are the router's own functions with paths and
   search values as plain texts. */

type Search = Record<string, string | number | boolean | undefined>;

export interface To {
  /** Below `/console`: `/requests/$id` with `params`, or a whole path. */
  to: string;
  params?: Record<string, string>;
  search?: Search;
}

type LinkProps = To & Omit<ComponentProps<'a'>, 'href'>;

export function PageLink({ to, params, search, ...props }: LinkProps) {
  const target = { to, params, search } as unknown as ComponentProps<typeof Link>;
  return <Link {...target} {...(props as object)} />;
}

export function useGo(): (target: To & { replace?: boolean }) => void {
  const navigate = useNavigate();
  return (target) => void navigate(target as unknown as Parameters<typeof navigate>[0]);
}

export const usePathParams = (): Record<string, string | undefined> =>
  useParams({ strict: false }) as Record<string, string | undefined>;

/** The search values of the address; what is not text is left out. */
export function useSearchValues(): Record<string, string | undefined> {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(search).map(([name, value]) => [name, value === undefined ? undefined : String(value)]),
  );
}

/** Change some search values and keep the others, without a new entry in the history. */
export function useSetSearch(): (change: Search) => void {
  const navigate = useNavigate();
  return (change) => {
    const search = (before: Search) => {
      const next = { ...before, ...change };
      return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined && value !== ''));
    };
    void navigate({ to: '.', search, replace: true } as unknown as Parameters<typeof navigate>[0]);
  };
}
