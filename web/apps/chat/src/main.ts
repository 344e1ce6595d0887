import '@orderchat/ui/styles/tokens.css';
import '@orderchat/ui/styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { conversation } from './later.js';
import { followKeyboard } from './viewport.js';
import { preferences } from './models/preferences.svelte.js';

followKeyboard();
if (/^\/(?:app\/rooms\/|embed)/u.test(location.pathname)) void conversation();
await preferences.ready;
const target = document.getElementById('app');
if (target) mount(App, { target });
