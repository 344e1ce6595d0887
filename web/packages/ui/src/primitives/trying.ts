import { words } from '../i18n/errors.js';
import { toast } from './toasts.svelte.js';

/** Does it, and says so where it does not succeed. */
export async function trying(deed: () => unknown): Promise<void> {
  try {
    await deed();
  } catch (error) {
    toast.error(words(error));
  }
}
