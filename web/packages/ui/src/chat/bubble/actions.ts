import type { MessageView, PendingMessage } from '@orderchat/sdk';
import { t } from '../../i18n/index.svelte.js';
import { words } from '../../i18n/errors.js';
import type { Item } from '../../primitives/Menu.svelte';
import { toast } from '../../primitives/toasts.svelte.js';
import type { Conversation } from '../context.js';

async function copy(text: string) {
  try {
    await navigator.clipboard.writeText(text);
    toast.ok(t('copied'));
  } catch {
    toast.error(t('copyFailed'));
  }
}

/** What may be done with a message that has arrived; what may not be says why. */
export function actionsOf(chat: Conversation, message: MessageView, own: boolean): Item[] {
  const rights = chat.rights(message);
  const isThere = !message.is_deleted;
  const moderates = chat.role === 'support' || chat.role === 'admin';
  const all: (Item | false)[] = [
    isThere && {
      label: t('message.reply'),
      icon: 'reply',
      why: rights.reply,
      run: () => chat.reply(message),
    },
    (message.reply_count > 0 || message.reply_to !== null) && {
      label: t('message.thread'),
      icon: 'thread',
      run: () => chat.thread(message),
    },
    message.content !== '' && {
      label: t('message.copy'),
      icon: 'copy',
      run: () => void copy(message.content),
    },
    message.file?.pending === false && {
      label: t('lightbox.download'),
      icon: 'download',
      run: () => void chat.download(message),
    },
    own && { label: t('message.receipts'), icon: 'eye', run: () => chat.receipts(message) },
    own &&
      isThere &&
      message.message_type === 'text' && {
        label: t('message.edit'),
        icon: 'edit',
        why: rights.edit,
        run: () => chat.edit(message),
      },
    chat.role === 'admin' &&
      (message.is_edited || message.is_deleted) && {
        label: t('message.history'),
        icon: 'history',
        run: () => chat.history(message),
      },
    !own &&
      isThere && { label: t('message.report'), icon: 'flag', run: () => chat.report(message) },
    isThere &&
      (own || moderates) && {
        label: t('delete'),
        icon: 'trash',
        danger: true,
        why: rights.remove,
        run: () => chat.remove(message),
      },
  ];
  return all.filter((item) => item !== false);
}

/** What may be done with a message that is on its way. */
export function pendingActionsOf(chat: Conversation, local: PendingMessage): Item[] {
  const retry: Item = {
    label: t('retry'),
    icon: 'refresh',
    run: () => chat.retry(local.clientMessageId),
  };
  return [
    ...(local.state === 'failed' ? [retry] : []),
    {
      label: t('delete'),
      icon: 'trash',
      danger: true,
      run: () => chat.discard(local.clientMessageId),
    },
  ];
}

/** What a key does on a message; null where it does nothing here. */
export function keyActionOf(
  event: KeyboardEvent,
  chat: Conversation,
  message: MessageView,
  own: boolean,
): (() => void) | null {
  const rights = chat.rights(message);
  const say = (why: string | null, run: () => void) => () => (why ? toast.say(why) : run());
  switch (event.key.toLowerCase()) {
    case 'r':
      return say(rights.reply, () => chat.reply(message));
    case 'e':
      return own ? say(rights.edit, () => chat.edit(message)) : null;
    case 'delete':
    case 'backspace':
      return say(rights.remove, () => chat.remove(message));
    default:
      return null;
  }
}

/** Why it was not sent, in words. */
export const troubleOf = (local: PendingMessage): string =>
  `${t('message.notSent')}${local.error ? ` · ${words(local.error)}` : ''}`;
