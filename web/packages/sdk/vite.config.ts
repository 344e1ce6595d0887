import { defineConfig } from 'vite';

// Two builds, so that the client shares no chunk with the functions for drawing: `vite build` makes
// dist/index.js, `vite build --mode view` dist/view.js.
export default defineConfig(({ mode }) => ({
  build: {
    lib: {
      entry: mode === 'view' ? { view: 'src/view.ts' } : { index: 'src/index.ts' },
      formats: ['es'],
    },
    target: 'es2022',
    minify: true,
    rolldownOptions: { output: { minify: true } },
    sourcemap: true,
    emptyOutDir: mode !== 'view',
  },
}));
