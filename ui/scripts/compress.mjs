// Beside each text of the build its compressed twin, which the server gives to whoever takes it. Usage: compress.mjs FOLDER
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const SMALLEST = 1024;
const folder = join(process.argv[2], 'assets');
for (const name of readdirSync(folder)) {
  if (!['.js', '.css', '.json', '.svg'].includes(extname(name))) continue;
  const bytes = readFileSync(join(folder, name));
  if (bytes.length >= SMALLEST) writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
}
