import { isOver, statusName } from '@orderchat/ui/chat/order.js';
import { t } from '@orderchat/ui/i18n/index.svelte.js';
import { toast } from '@orderchat/ui/primitives/toasts.svelte.js';
import { router } from '../router.svelte.js';
import { handOver, orders as load, reportNext, type DemoOrder, type Person } from './api.js';
import { firstOf, handedOver, pairOf, stepped } from './views.js';

/** The demo's orders, the chosen one, and whose views of it are open. */
export class Stage {
  orders: readonly DemoOrder[] = $state.raw([]);
  status: 'loading' | 'ready' | 'failed' = $state('loading');
  views: readonly Person[] = $state.raw([]);
  busy: 'next' | 'hand-over' | null = $state(null);
  #chosen: string | null = $state(router.query.get('order'));
  readonly order = $derived(this.orders.find((one) => one.order === this.#chosen) ?? null);
  readonly over = $derived(this.order ? isOver(this.order.status) : true);

  /** `fits`: how many views have room side by side. */
  constructor(private readonly fits: () => number) {}

  /** Asks how far the orders are, while somebody looks; the first time one of them is opened. */
  async refresh(): Promise<void> {
    if (document.visibilityState === 'hidden') return;
    const isBeginning = this.order === null;
    try {
      this.orders = await load();
      this.status = 'ready';
    } catch {
      if (this.status === 'loading') this.status = 'failed';
    }
    const first = this.order ?? firstOf(this.orders);
    if (isBeginning && first) this.choose(first.order);
  }

  choose(id: string): void {
    this.#chosen = id;
    router.set({ order: id });
    if (this.order) this.#open(this.order);
  }

  step(person: Person): void {
    this.views = stepped(this.views, person, this.fits());
  }

  next(): Promise<void> {
    return this.#shop('next', async ({ order }) => {
      const after = await reportNext(order);
      toast.ok(t('demo.reported', { status: statusName(after.status) }));
      await this.refresh();
    });
  }

  handOver(): Promise<void> {
    return this.#shop('hand-over', async ({ order, people }) => {
      const before = people.find((one) => one.role === 'rider')?.user;
      const { rider } = await handOver(order);
      await this.refresh();
      if (!rider) return;
      toast.ok(t('demo.handedOver', { name: rider.name }));
      const next = { user: rider.id, name: rider.name, role: 'rider' };
      this.views = handedOver(this.views, before, next, this.fits());
    });
  }

  /** What the shop does with the chosen order. */
  async #shop(what: 'next' | 'hand-over', run: (order: DemoOrder) => Promise<void>): Promise<void> {
    if (!this.order) return;
    this.busy = what;
    try {
      await run(this.order);
    } catch (error) {
      toast.error(error instanceof Error ? error.message : t('error.unknown'));
    } finally {
      this.busy = null;
    }
  }

  #open(order: DemoOrder): void {
    this.views = pairOf(order, this.fits());
  }
}
