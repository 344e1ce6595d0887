import { defineConfig, devices } from '@playwright/test';
import { POSTGRES } from './postgres.js';

const { defaultBrowserType: _, ...phone } = devices['iPhone 13'];

// Debian's Chromium; nothing is downloaded.
const launchOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ],
};

export default defineConfig({
  testDir: '.',
  testMatch: '*.e2e.ts',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    launchOptions,
    actionTimeout: 10_000,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // A trace of every test makes the whole run a third longer: `--trace retain-on-failure` makes them.
    screenshot: 'only-on-failure',
  },
  projects: [
    {
      name: 'desktop',
      grepInvert: /@phone/,
      use: { viewport: { width: 1280, height: 800 } },
    },
    {
      name: 'phone',
      grep: /@phone|@both/,
      use: { ...phone, viewport: { width: 390, height: 844 } },
    },
    // What depends on the database most, on the other engine, too.
    ...(POSTGRES
      ? [
          {
            name: 'postgres',
            grep: /@postgres/,
            use: { viewport: { width: 1280, height: 800 } },
          },
        ]
      : []),
  ],
});
