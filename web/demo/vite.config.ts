import { defineConfig } from 'vite';
import { offline } from './vite-offline.ts';

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const builds = '../../build';

/** The page's policy stands in index.html. The development server injects style elements, which it forbids. */
const withoutPolicy = {
  name: 'sotto:development-without-policy',
  apply: 'serve' as const,
  transformIndexHtml: (html: string): string => html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, ''),
};

// `--mode fake`: a scripted package in place of the real one, for tests of the page itself.
export default defineConfig(({ mode }) => ({
  root: here('.'),
  base: './',
  resolve: { alias: { sotto: here(mode === 'fake' ? 'fake/index.ts' : '../dist/index.js') } },
  plugins: [withoutPolicy, offline(here('service-worker.js'))],
  worker: { format: 'es' },
  build: {
    outDir: here(mode === 'fake' ? `${builds}/page-fake` : `${builds}/page`),
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // light-dark() stays as it is
    assetsInlineLimit: 0, // data: addresses are against the policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true, // for the test that weighs the page without the package
  },
}));
