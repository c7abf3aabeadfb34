/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** What is loaded before anything is shown, in one file: each small one would be a request of its own. */
let shell: Set<string> | undefined;

/** They name parts for all pages: what the shell has no use for would come along. */
const collections = /node_modules\/(lucide-react|radix-ui)\//;

function shellOf(entry: string, importsOf: (id: string) => readonly string[]): Set<string> {
  const found = new Set([entry]);
  for (const id of found) for (const imported of collections.test(id) ? [] : importsOf(id)) found.add(imported);
  return found;
}

const entry = fileURLToPath(new URL('./src/main.tsx', import.meta.url));
const gateway = process.env.CRAWDAD_URL ?? 'http://127.0.0.1:18789';

export default defineConfig({
  base: '/console/',
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: process.env.CONSOLE_OUT ?? '../src/crawdad/bundled/console',
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2023',
    // A picture as a data: address would be allowed, but a font or a script would not.
    assetsInlineLimit: 0,
    // The preload polyfill would add styles and scripts of its own; the browsers that are aimed at need none.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              debugName: 'shell',
              name: (id, context) => {
                shell ??= shellOf(entry, (each) => context.getModuleInfo(each)?.importedIds ?? []);
                return id !== entry && shell.has(id) ? 'shell' : null;
              },
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': gateway,
      '/v1': gateway,
      '/socket': { target: gateway, ws: true, rewrite: () => '/' },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
  },
});
