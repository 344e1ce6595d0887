import '@orderchat/ui/styles/tokens.css';
import '@orderchat/ui/styles/base.css';
import { t } from '@orderchat/ui/i18n/index.svelte.js';
import { toast } from '@orderchat/ui/primitives/toasts.svelte.js';
import { mount } from 'svelte';
import App from './App.svelte';
import { conversation } from './later.js';
import { followKeyboard } from './viewport.js';
import { session } from './session.svelte.js';
import { preferences } from './models/preferences.svelte.js';

followKeyboard();
// A part of the pages that is wanted and cannot be fetched.
addEventListener('vite:preloadError', () => toast.error(t('error.network')));
if (/^\/(?:app\/rooms\/|embed)/u.test(location.pathname)) void conversation();
// Texts and the way in are asked for at once; nothing is shown before both are there.
await Promise.all([preferences.ready, session.start()]);
const target = document.getElementById('app');
if (target) {
  target.replaceChildren();
  mount(App, { target });
}
