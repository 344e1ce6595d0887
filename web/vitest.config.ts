import { defineConfig } from 'vitest/config';

// `--project unit` takes seconds and needs nothing; `--project contract` needs the server's binary.
// Components in a real browser are of packages/ui and have a configuration of their own.
export default defineConfig({
  test: {
    projects: [
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
