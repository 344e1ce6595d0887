import type { IconName } from '../primitives/icons.js';
import { locale, t } from '../i18n/index.svelte.js';

/** How an order's and a delivery's statuses look and are called. A shop may have its own: those are
 *  shown as they are written, with blanks. */
const ICONS: Record<string, IconName> = {
  pending: 'timer',
  accepted: 'store',
  preparing: 'pill',
  ready_for_pickup: 'bag',
  picked_up: 'bike',
  delivering: 'bike',
  assigned: 'bike',
  reassigned: 'swap',
  unassigned: 'user',
  completed: 'flagEnd',
  delivered: 'home',
  cancelled: 'cancelled',
  refunded: 'refund',
};

export function statusIcon(status: string | null | undefined, room?: string): IconName {
  if (status && ICONS[status]) return ICONS[status];
  return room === 'archived' ? 'archive' : 'order';
}

function named(prefix: string, status: string): string {
  const key = `${prefix}.${status}`;
  if (locale.has(key)) return t(key);
  const text = status.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const statusName = (status: string) => named('status', status);
export const deliveryName = (status: string) => named('delivery', status);

export const isOver = (status: string | null | undefined) =>
  status === 'delivered' || status === 'cancelled' || status === 'refunded';
