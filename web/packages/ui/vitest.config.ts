import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

const sdk = (file: string) => fileURLToPath(new URL(`../sdk/src/${file}`, import.meta.url));

/** Components are tested in a real browser: focus, popovers and layout are what goes wrong. */
export default defineConfig({
  plugins: [svelte()],
  resolve: {
    alias: [
      { find: '@orderchat/sdk/view', replacement: sdk('view.ts') },
      { find: '@orderchat/sdk', replacement: sdk('index.ts') },
    ],
  },
  optimizeDeps: { include: ['virtua/svelte', 'vitest-browser-svelte'] },
  test: {
    name: 'ui',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test/setup.ts'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
          args: ['--no-sandbox', '--disable-gpu'],
        },
      }),
      instances: [{ browser: 'chromium', viewport: { width: 900, height: 700 } }],
    },
  },
});
