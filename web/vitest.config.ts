import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// `--project unit` takes seconds and needs nothing; `--project contract` needs the server's binary.
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
