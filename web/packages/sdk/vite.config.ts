import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    lib: { entry: { index: 'src/index.ts', view: 'src/view.ts' }, formats: ['es'] },
    target: 'es2022',
    minify: true,
    rolldownOptions: { output: { minify: true } },
    sourcemap: true,
    emptyOutDir: true,
  },
});
