/** What the gateway puts before what is said over this channel: the time, for the agent to know. People need not read it. */
const stamp = /^\[\w{3} \d{4}-\d\d-\d\d \d\d:\d\d UTC\] /;

export const withoutStamp = (text: string): string => text.replace(stamp, '');

/** The last thing said, as one line of a list shows it: without the time that is put before it, and without Markdown's signs. */
export const previewOf = (text: string): string =>
  withoutStamp(text)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(^|\s)(?:#{1,6}|>|[-*+]|\d+\.)(?=\s)/g, '$1')
    .replace(/\|(?:\s*:?-{2,}:?\s*\|)+/g, ' ')
    .replace(/(\*\*|__|~~|`{1,3})/g, '')
    .replace(/\s*\|\s*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
