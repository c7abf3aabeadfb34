const plain = /^[\w@%+=:,./~-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for are the control characters
const unseen = /[\u0000-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * An argument of a command so that nothing in it is hidden: what is not plain stands between quotes, and characters that
 * cannot be seen, or turn the line round, are spelled out.
 */
export function shownArgument(text: string): string {
  const spelled = text
    .replace(/\\/g, '\\\\')
    .replace(unseen, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return plain.test(text) ? text : `"${spelled.replace(/"/g, '\\"')}"`;
}
