// Every text is there in both languages, every key that the source names exists, and no words stand in the source itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src', import.meta.url));
const problems = [];
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const plain = (key) => key.replace(/_(zero|one|two|few|many|other)$/, '');
const values = (text) =>
  [...text.matchAll(/\{\{\s*(\w+)/g)]
    .map((found) => found[1])
    .sort()
    .join(' ');

/** What is the same in both languages: names, units, signs. */
const sameIn = /^[\s\p{P}\p{S}\d]*$|^(\{\{\w+\}\}|[\s\p{P}\p{S}\d])*$/u;
const names = new Set(read(join(source, 'i18n', 'same.json')));

const folders = [
  join(source, 'i18n'),
  ...readdirSync(join(source, 'pages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(source, 'pages', entry.name)),
];
const keysOf = new Map();
for (const folder of folders) {
  const name = basename(folder) === 'i18n' ? 'common' : basename(folder);
  const [english, chinese] = ['en.json', 'zh-CN.json'].map((file) => {
    if (existsSync(join(folder, file))) return read(join(folder, file));
    problems.push(`${name}: ${file} is missing`);
    return {};
  });
  const inEnglish = new Map(Object.entries(english).map(([key, text]) => [plain(key), text]));
  const inChinese = new Map(Object.entries(chinese).map(([key, text]) => [plain(key), text]));
  keysOf.set(name, new Set(inEnglish.keys()));
  for (const key of inEnglish.keys()) if (!inChinese.has(key)) problems.push(`${name}: ${key} is missing in Chinese`);
  for (const [key, text] of inChinese) {
    const other = inEnglish.get(key);
    if (other === undefined) problems.push(`${name}: ${key} is missing in English`);
    else if (values(text) !== values(other)) problems.push(`${name}: ${key} has other values in Chinese`);
    else if (text === other && !sameIn.test(text) && !names.has(text))
      problems.push(`${name}: ${key} is not translated`);
  }
  for (const [key, text] of inEnglish)
    if (/\p{Script=Han}/u.test(text)) problems.push(`${name}: ${key} is Chinese in en.json`);
}

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (/\.tsx?$/.test(entry.name) && !/\.(test|d)\.tsx?$/.test(entry.name)) yield path;
  }
}
for (const file of files(source)) {
  const text = readFileSync(file, 'utf8');
  const where = relative(source, file);
  const page = where.startsWith('pages')
    ? basename(dirname(where) === 'pages' ? '' : where.split(/[\\/]/)[1])
    : 'common';
  const known = new Set([...(keysOf.get('common') ?? []), ...(keysOf.get(page) ?? [])]);
  for (const found of text.matchAll(/\bt\(\s*'([^']+)'/g))
    if (!known.has(found[1])) problems.push(`${where}: there is no text ${found[1]}`);
  for (const found of text.matchAll(/\bt\(\s*`([^`$]*)\$\{/g))
    if (![...known].some((key) => key.startsWith(found[1]))) problems.push(`${where}: there is no text ${found[1]}…`);
  if (!file.endsWith('.tsx')) continue;
  for (const found of text.matchAll(/(?:aria-label|title|placeholder|alt|label|hint)="([^"]*\p{L}{2,}[^"]*)"/gu))
    if (!names.has(found[1])) problems.push(`${where}: "${found[1]}" is not a text`);
  for (const found of text.matchAll(/>\s*([^<>{}=;()|&]*\p{L}{2,}[^<>{}=;()|&]*?)\s*<\//gu))
    if (!names.has(found[1].trim())) problems.push(`${where}: "${found[1].trim()}" is not a text`);
}
if (problems.length) {
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exit(1);
}
