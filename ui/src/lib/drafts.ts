/** Texts that are being written, kept while the tab is open: to leave a page and come back loses nothing. */
const drafts = new Map<string, string>();

export const readDraft = (name: string): string => drafts.get(name) ?? '';

export function writeDraft(name: string, text: string): void {
  if (text) drafts.set(name, text);
  else drafts.delete(name);
}
