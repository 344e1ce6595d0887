import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type ProxyOptions } from 'vite';
import { precompress } from './build/precompress.js';
import { preload } from './build/preload.js';
import { themeFirst } from './build/theme-first.js';

/** The server that development and preview talk to. */
const server = process.env['ORDERCHAT_URL'] ?? 'http://127.0.0.1:8080';

const sdk = (file: string) =>
  fileURLToPath(new URL(`../../packages/sdk/src/${file}`, import.meta.url));

const proxy: Record<string, ProxyOptions> = {
  '/api': {
    target: server,
    ws: true,
    changeOrigin: true,
    // The server takes pages of its own origin only; behind the proxy this one is.
    configure: (through) => {
      through.on('proxyReq', (request) => request.setHeader('origin', server));
      through.on('proxyReqWs', (request) => request.setHeader('origin', server));
    },
  },
  '/app/config.json': { target: server, changeOrigin: true },
};

/**
 * Whatever a page begins with is one file, and what every conversation needs another: each of thirty small
 * ones would be asked for by itself, and be compressed without the others' words.
 */
const together = [
  { name: 'start', tags: ['$initial' as const], priority: 2 },
  { name: 'conversation', test: /\/src\/room\/Conversation\.svelte/, priority: 1 },
];

export default defineConfig({
  base: '/app/',
  // From source, so that an old build of the SDK never stands in for it.
  resolve: {
    alias: [
      { find: '@orderchat/sdk/view', replacement: sdk('view.ts') },
      { find: '@orderchat/sdk', replacement: sdk('index.ts') },
    ],
  },
  plugins: [
    svelte({ compilerOptions: { discloseVersion: false } }),
    themeFirst(),
    preload(),
    precompress(),
  ],
  server: { proxy, host: '127.0.0.1' },
  preview: { proxy, host: '127.0.0.1' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: together } } },
  },
  worker: { format: 'es' },
});
