const collators = new Map<string, Intl.Collator>();

function collatorOf(language: string): Intl.Collator {
  const found = collators.get(language) ?? new Intl.Collator(language, { numeric: true });
  collators.set(language, found);
  return found;
}

interface Named {
  name: string;
  isDirectory: boolean;
}

/** Two names as people of that language look them up; a number counts as what it says, so that 10 comes after 9. */
export const byName = (language: string, one: string, other: string): number =>
  collatorOf(language).compare(one, other);

/** Folders before files, each by its name. */
export function inOrder<T extends Named>(files: readonly T[], language: string): T[] {
  return [...files].sort(
    (one, other) => Number(other.isDirectory) - Number(one.isDirectory) || byName(language, one.name, other.name),
  );
}
