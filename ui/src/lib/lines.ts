/** The entries of a text with one in each line; commas part them, too. */
export function lines(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[\n,，]/)
        .map((each) => each.trim())
        .filter(Boolean),
    ),
  ];
}
