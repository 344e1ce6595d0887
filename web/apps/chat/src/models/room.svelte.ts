import type { Client, MessageView, Room } from '@orderchat/sdk';
import { receiptOf, toRows, type Row } from '@orderchat/sdk/view';
import { provideConversation, type Conversation, type Rights } from '@orderchat/ui/chat/context.js';
import type { Mode, Sending } from '@orderchat/ui/chat/composer/sending.js';
import { words, wordsOfFile } from '@orderchat/ui/i18n/errors.js';
import { t } from '@orderchat/ui/i18n/index.svelte.js';
import { asking } from '@orderchat/ui/primitives/confirm.svelte.js';
import { toast } from '@orderchat/ui/primitives/toasts.svelte.js';
import { dateTime } from '@orderchat/ui/text/format.js';
import { nameOnly, plain } from '@orderchat/ui/text/tokens.js';
import { dialogs } from '../dialogs/dialogs.svelte.js';
import { Live } from '../live.svelte.js';
import { paths } from '../paths.js';
import { router } from '../router.svelte.js';
import { isAttended, type Chat } from './chat.svelte.js';
import { Media } from './media.js';

/** One conversation on the screen: what the SDK knows of the room, and what the reader is about to do. */
export class OpenRoom implements Conversation {
  readonly chat: Chat;
  readonly room: Room;
  readonly media: Media;
  readonly #live: Live<Room['value']>;
  /** Where the divider stands: found once, so that it does not move while the room is open. */
  #divider: number | null | undefined;
  mode: Mode = $state.raw({ kind: 'new' });
  text = $state('');
  /** What was written before editing began. */
  #parked = '';
  quick: readonly string[] = $state.raw([]);
  looking: MessageView | null = $state.raw(null);
  /** Where a jump began, to go back to. */
  origin: { id: string; seq: number } | null = $state.raw(null);
  #seen = 0;
  show: (id: string) => Promise<boolean> = () => Promise.resolve(false);

  constructor(chat: Chat, id: string) {
    this.chat = chat;
    this.room = chat.client.room(id);
    this.media = new Media(chat.client);
    this.#live = new Live(this.room, 60);
    provideConversation(this);
  }

  get client(): Client {
    return this.chat.client;
  }
  get state() {
    return this.#live.value;
  }
  get me() {
    return this.state.me?.id ?? null;
  }
  get role() {
    return this.chat.role;
  }
  get participants() {
    return this.state.participants;
  }
  get now() {
    return this.chat.now;
  }

  get rows(): Row[] {
    const { state } = this;
    if (this.#divider === undefined && state.status === 'ready') {
      this.#divider = state.unreadCount > 0 ? state.unreadAfter : null;
    }
    return toRows(state.messages, {
      me: this.me,
      pending: state.hasNewer ? [] : state.pending,
      unreadAfter: this.#divider ?? null,
    });
  }

  /** Whether one may write, and if not, why. */
  get whyNot(): string | null {
    const { capabilities, room } = this.state;
    if (!capabilities) return null;
    if (capabilities.write) return null;
    if (capabilities.why_not) return localised(capabilities.why_not);
    return room?.status === 'open' ? t('why.notWritable') : t('why.closed');
  }

  get whyNoFiles(): string | null {
    const { capabilities } = this.state;
    return !capabilities || capabilities.attach ? null : (this.whyNot ?? t('why.noFiles'));
  }

  /** The order's rider may show that it was delivered, from when they have it. */
  get provesDelivery(): boolean {
    const { me } = this.state;
    const status = this.orderStatus ?? '';
    return me?.role === 'rider' && me.is_active && ['picked_up', 'delivered'].includes(status);
  }

  get orderStatus(): string | null {
    const { order, room } = this.state;
    return order?.status ?? room?.order_status ?? null;
  }

  /** Whether somebody is here; null where that is not known. */
  isOnline(id: string | null): boolean | null {
    if (this.chat.offline) return null;
    return this.participants.find((person) => person.id === id)?.is_online ?? null;
  }

  receipt(message: MessageView) {
    return receiptOf(message, this.participants);
  }

  rights(message: MessageView): Rights {
    const { capabilities } = this.state;
    const age = (this.client.now() - Date.parse(message.timestamp)) / 1000;
    const window = (seconds: number | null | undefined, key: 'why.editOver' | 'why.deleteOver') => {
      if (seconds === null || seconds === undefined) return null;
      if (seconds === 0) return this.whyNot ?? t('why.notWritable');
      return age < seconds ? null : t(key, { n: Math.round(seconds / 60) });
    };
    if (message.is_deleted)
      return { reply: t('why.deleted'), edit: t('why.deleted'), remove: t('why.deleted') };
    const own = message.sender !== null && message.sender === this.me;
    const moderates = this.role === 'support' || this.role === 'admin';
    return {
      reply: this.whyNot,
      edit:
        !own || message.message_type !== 'text'
          ? t('why.notWritable')
          : window(capabilities?.edit_s, 'why.editOver'),
      remove: moderates
        ? null
        : own
          ? window(capabilities?.delete_s, 'why.deleteOver')
          : t('why.supportOnly'),
    };
  }

  reply(message: MessageView): void {
    this.mode = {
      kind: 'reply',
      id: message.id,
      name: nameOnly(message.sender_name),
      excerpt: plain(message.content).slice(0, 100) || (message.file_name ?? ''),
    };
    this.#replyTo = message;
    this.keepDraft();
  }
  #replyTo: MessageView | null = null;

  edit(message: MessageView): void {
    this.#beginEdit({ kind: 'edit', id: message.id, original: message.content }, message.content);
  }

  #beginEdit(mode: Mode, text: string): void {
    if (this.mode.kind !== 'edit') this.#parked = this.text;
    this.mode = mode;
    this.text = text;
  }

  /** Up in an empty box: the newest own text that may still be changed. */
  editLast(): void {
    const last = this.state.messages.findLast(
      (message) =>
        message.sender === this.me &&
        message.message_type === 'text' &&
        this.rights(message).edit === null,
    );
    if (last) this.edit(last);
  }

  cancel(): void {
    if (this.mode.kind === 'edit') this.text = this.#parked;
    this.#parked = '';
    this.mode = { kind: 'new' };
    this.#replyTo = null;
    this.keepDraft();
  }

  quote() {
    const message = this.#replyTo;
    if (this.mode.kind !== 'reply' || !message) return null;
    const { id, seq, sender_name, is_deleted } = message;
    return { id, seq, sender_name, excerpt: this.mode.excerpt, is_deleted };
  }

  async send({ text, files }: Sending): Promise<void> {
    const replyTo = this.quote();
    this.cancel();
    if (files.length === 0) this.room.send({ content: text, replyTo });
    for (const [index, ready] of files.entries()) {
      const { file, width, height, purpose } = await ready;
      this.room.sendFile(file, {
        content: index === 0 ? text : '',
        replyTo: index === 0 ? replyTo : null,
        purpose,
        ...(width && height ? { metadata: { width, height } } : {}),
      });
    }
  }

  async saveEdit(id: string, text: string): Promise<void> {
    const edited = this.mode;
    if (edited.kind === 'edit' && edited.original === text) return this.cancel();
    try {
      this.cancel();
      await this.room.edit(id, text);
    } catch (error) {
      this.#beginEdit(edited, text);
      toast.error(words(error));
    }
  }

  /** What is being written outlives the page. */
  keepDraft(): void {
    if (this.mode.kind === 'edit') return;
    const replyTo = this.quote();
    const content = this.text;
    this.client.drafts.set(this.room.id, content.trim() === '' ? null : { content, replyTo });
  }

  takeDraft(): void {
    const draft = this.client.drafts.get(this.room.id);
    if (!draft || this.text !== '') return;
    this.text = draft.content;
    const quote = draft.replyTo;
    const source = quote && this.state.messages.find((message) => message.id === quote.id);
    if (source) this.reply(source);
  }

  remove(message: MessageView): void {
    const own = message.sender === this.me;
    asking.ask({
      title: t('message.deleteAsk'),
      text: t('message.deleteText'),
      action: t('delete'),
      danger: true,
      ...(own ? {} : { reason: 'required' as const }),
      run: ({ reason }) => this.room.delete(message.id, reason),
    });
  }

  report(message: MessageView): void {
    dialogs.show('report', { room: this.room, message });
  }
  history(message: MessageView): void {
    dialogs.show('history', { room: this.room, message });
  }
  receipts(message: MessageView): void {
    dialogs.show('receipts', { room: this.room, message });
  }
  thread(message: MessageView): void {
    router.go(paths.thread(this.room.id, message.id), {
      replace: router.route.page === 'room' && router.route.thread !== null,
    });
  }

  /** To a message, loading it if it is not there; the way back is kept. */
  async jump(id: string, seq?: number): Promise<void> {
    const from = this.#seen;
    if (!(await this.show(id))) {
      try {
        if (seq) await this.room.around(seq);
        else await this.room.find(id);
      } catch (error) {
        toast.error(words(error));
        return;
      }
      await this.#showSoon(id);
    }
    if (from === 0) return;
    const there = this.state.messages.find((message) => message.seq >= from);
    this.origin = { id: there?.id ?? '', seq: there?.seq ?? from };
  }

  async backFromJump(): Promise<void> {
    const { origin } = this;
    this.origin = null;
    if (!origin) return;
    const { id, seq } = origin;
    if (id && (await this.show(id))) return;
    await this.room.around(seq).catch((error: unknown) => toast.error(words(error)));
    const found = this.state.messages.find((message) => message.seq >= seq);
    if (found) await this.#showSoon(found.id);
  }

  /** What was just loaded is on the screen some frames later. */
  async #showSoon(id: string): Promise<void> {
    for (let frames = 0; frames < 20 && !(await this.show(id)); frames += 1)
      await new Promise(requestAnimationFrame);
  }

  /** Up to here the reader has had everything in view. Read is what somebody looks at. */
  seen(seq: number): void {
    this.#seen = seq;
    this.tellRead();
  }

  tellRead(): void {
    const { readSeq, room } = this.state;
    // Beyond the room's end is what was seen before its server was set back.
    const isNew = this.#seen > readSeq && this.#seen <= (room?.seq ?? 0);
    if (isNew && isAttended()) this.room.markRead(this.#seen);
  }

  retry(key: string): void {
    this.room.retry(key);
  }
  discard(key: string): void {
    this.room.discard(key);
  }
  menu: Conversation['menu'] = () => undefined;
  look(message: MessageView): void {
    this.looking = message;
  }
  address(message: MessageView, small = false): Promise<string> {
    return this.media.address(message, small);
  }

  async download(message: MessageView): Promise<void> {
    try {
      await this.media.save(message);
    } catch (error) {
      const again = () => void this.download(message);
      toast.say(wordsOfFile(message, error), 'error', { label: t('retry'), run: again });
    }
  }

  async loadQuick(): Promise<void> {
    try {
      this.quick = await this.room.quickReplies();
    } catch {
      this.quick = [];
    }
  }

  close(): void {
    this.room.close();
    this.media.close();
  }
}

/** The server's reasons name times as machines write them. */
function localised(reason: string): string {
  return reason.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, (at) => dateTime(new Date(at)));
}
