// The types of the management routes, out of the gateway's OpenAPI document.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const source = new URL('../openapi.json', import.meta.url);
const target = new URL('../src/client/openapi.d.ts', import.meta.url);
const head = '// Made by `npm run types` from openapi.json.\n';

const text = existsSync(source)
  ? head + astToString(await openapiTS(JSON.parse(readFileSync(source, 'utf8')), { defaultNonNullable: false }))
  : `${head}export type paths = Record<string, Record<'get' | 'post' | 'put' | 'patch' | 'delete', object>>;\n`;
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(fileURLToPath(target), text);
