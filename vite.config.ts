/**
 * Builds the page at `/` (`src/console`) into `dist/console`, from where the gateway serves it.
 *
 * All addresses are relative, so the page also works below a path of a reverse proxy. Nothing is inlined: the page's content
 * security policy allows neither inline scripts nor `data:` addresses. Tests are configured in `vitest.config.ts`.
 */
import { defineConfig } from 'vite'

// oxlint-disable-next-line import/no-default-export -- Vite reads its configuration from the default export.
export default defineConfig({
  root: 'src/console',
  base: './',
  publicDir: false,
  // The automatic JSX runtime of Preact, as in src/console/tsconfig.json.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    assetsDir: 'console',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome120', 'edge120', 'firefox121', 'safari17.4'],
    license: { fileName: 'LICENSES.md' },
  },
  // `npx vite` shows the sources as they are edited, against a gateway that runs beside it.
  server: { proxy: { '/v1': 'http://127.0.0.1:4141' } },
})
