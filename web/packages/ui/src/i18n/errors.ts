import { OrderchatError, type MessageView } from '@orderchat/sdk';
import { middle } from '../text/tokens.js';
import { t, type Key } from './index.svelte.js';

/** What went wrong, in the reader's language. What the server says of a request goes along, because
 *  only it knows which rule was meant. */
export function words(error: unknown): string {
  if (!(error instanceof OrderchatError)) return t('error.unknown');
  const { status, detail, retryAfter } = error;
  if (status === 0) return t('error.network');
  if (status === 429) return t('error.429', { n: Math.max(1, Math.ceil(retryAfter ?? 1)) });
  if (status === 507) return t('error.507');
  if (status >= 500) return t('error.5xx');
  const key = `error.${status}`;
  return [401, 404, 413, 415].includes(status) ? t(key as Key) : sentence(detail);
}

/** Why a file is not there, and what helps. */
export function wordsOfFile(message: Pick<MessageView, 'file_name'>, error: unknown): string {
  const name = middle(message.file_name ?? t('file.unnamed'), 28);
  const isGone = error instanceof OrderchatError && [403, 404, 410].includes(error.status);
  return isGone ? t('file.gone', { name }) : t('file.notLoaded', { name, why: words(error) });
}

/** The server writes fragments: a capital and a full stop make a sentence. */
function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return t('error.unknown');
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/u.test(begun) ? begun : `${begun}.`;
}
