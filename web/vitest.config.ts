import { existsSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `--project unit` (the SDK) and `chat` (the pages' pure functions) take seconds and need nothing;
// `--project contract` needs the server's binary.
// Packages with tests of another kind (components in a real browser) have a configuration of their own.
const others = ['packages/ui', 'apps/chat'].filter((folder) =>
  existsSync(new URL(`${folder}/vitest.config.ts`, import.meta.url)),
);

export default defineConfig({
  test: {
    projects: [
      ...others,
      {
        test: {
          name: 'unit',
          include: ['packages/sdk/src/**/*.test.ts', 'packages/sdk/tests/**/*.test.ts'],
        },
      },
      {
        plugins: [svelte()],
        test: { name: 'chat', include: ['apps/chat/src/**/*.test.ts'] },
      },
      {
        test: {
          name: 'contract',
          include: ['packages/sdk/tests/**/*.contract.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
