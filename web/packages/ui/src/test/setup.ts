import '../styles/tokens.css';
import '../styles/base.css';
import { locale } from '../i18n/index.svelte.js';

await locale.use('en');
