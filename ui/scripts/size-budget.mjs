// What a browser fetches before the first paint stays within 200 KB, compressed. Usage: size-budget.mjs FOLDER
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET = 200 * 1024;
const folder = process.argv[2];
const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
const files = new Set(['index.html']);

function add(key) {
  const chunk = manifest[key];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const name of chunk.css ?? []) files.add(name);
  for (const name of chunk.imports ?? []) add(name);
}
add(Object.keys(manifest).find((key) => manifest[key].isEntry));
add('src/i18n/en.json');

const heavy = ['uplot', 'xterm', 'codemirror'];
const size = (name) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length;
const total = [...files].reduce((sum, name) => sum + size(name), 0);
const report = `Before the first paint: ${(total / 1024).toFixed(1)} of ${BUDGET / 1024} KB in ${files.size} files`;
const stray = [...files].filter((name) => name.endsWith('.js') && heavy.some((word) => name.includes(word)));
if (total > BUDGET || stray.length) {
  process.stderr.write(
    `${report}: too much. ${stray.join(' ')}\n${[...files].map((name) => `${size(name)} ${name}`).join('\n')}\n`,
  );
  process.exit(1);
}
process.stdout.write(`${report}\n`);
