export interface Crumb {
  name: string;
  path: string;
}

/** The folders that lead to a path, the outermost first; none for the workspace itself. Pure. */
export function crumbsOf(path: string): Crumb[] {
  const steps = path.split('/').filter(Boolean);
  return steps.map((name, place) => ({ name, path: steps.slice(0, place + 1).join('/') }));
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** A name in a folder; what somebody typed around the folder's name does not matter. */
export function joined(folder: string, name: string): string {
  const steps = folder.trim().split('/').filter(Boolean);
  return [...steps, name.trim()].join('/');
}

/** What colours a text has in the editor. */
export function languageOf(path: string): 'json' | 'markdown' | undefined {
  const name = nameOf(path).toLowerCase();
  if (/\.(json|jsonc|json5)$/.test(name)) return 'json';
  return /\.(md|markdown)$/.test(name) ? 'markdown' : undefined;
}

/** What is typed as a list, one a line or with commas. */
export const listOf = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((each) => each.trim())
    .filter(Boolean);
