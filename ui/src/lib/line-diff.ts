const CONTEXT = 3;
/** Where more lines than this differ, they are not compared one by one: all of them are told as replaced. */
const MOST = 2000;

type Line = [sign: ' ' | '-' | '+', text: string];

/** From one text to another in the unified form; empty where they are the same. Pure. */
export function lineDiff(before: string, after: string): string {
  if (before === after) return '';
  const lines = linesBetween(split(before), split(after));
  return hunks(lines).join('\n');
}

const split = (text: string): string[] => (text ? text.replace(/\n$/, '').split('\n') : []);

function linesBetween(old: string[], fresh: string[]): Line[] {
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (
    end < old.length - start &&
    end < fresh.length - start &&
    old[old.length - 1 - end] === fresh[fresh.length - 1 - end]
  )
    end += 1;
  const same = (text: string): Line => [' ', text];
  return [
    ...old.slice(0, start).map(same),
    ...changed(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)),
    ...old.slice(old.length - end).map(same),
  ];
}

/** By the longest common subsequence. */
function changed(old: string[], fresh: string[]): Line[] {
  if (old.length > MOST || fresh.length > MOST)
    return [...old.map((text): Line => ['-', text]), ...fresh.map((text): Line => ['+', text])];
  const width = fresh.length + 1;
  const longest = new Uint16Array((old.length + 1) * width);
  for (let a = old.length - 1; a >= 0; a -= 1)
    for (let b = fresh.length - 1; b >= 0; b -= 1)
      longest[a * width + b] =
        old[a] === fresh[b]
          ? (longest[(a + 1) * width + b + 1] ?? 0) + 1
          : Math.max(longest[(a + 1) * width + b] ?? 0, longest[a * width + b + 1] ?? 0);
  const lines: Line[] = [];
  let a = 0;
  let b = 0;
  while (a < old.length || b < fresh.length) {
    if (a < old.length && b < fresh.length && old[a] === fresh[b]) {
      lines.push([' ', old[a] ?? '']);
      a += 1;
      b += 1;
    } else if (
      b >= fresh.length ||
      (a < old.length && (longest[(a + 1) * width + b] ?? 0) >= (longest[a * width + b + 1] ?? 0))
    ) {
      lines.push(['-', old[a] ?? '']);
      a += 1;
    } else {
      lines.push(['+', fresh[b] ?? '']);
      b += 1;
    }
  }
  return lines;
}

function hunks(lines: readonly Line[]): string[] {
  const shown: string[] = [];
  let old = 1;
  let fresh = 1;
  let last = -2;
  for (const [place, [sign, text]] of lines.entries()) {
    const near = lines.slice(Math.max(0, place - CONTEXT), place + CONTEXT + 1).some(([each]) => each !== ' ');
    if (near) {
      if (last !== place - 1) shown.push(`@@ -${old} +${fresh} @@`);
      shown.push(sign + text);
      last = place;
    }
    if (sign !== '+') old += 1;
    if (sign !== '-') fresh += 1;
  }
  return shown;
}
