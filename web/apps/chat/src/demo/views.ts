import { isOver } from '@orderchat/ui/chat/order.js';
import type { DemoOrder, Person } from './api.js';

/** So wide is a view at least, and so many there are at most. */
const VIEW_PX = 360;
const MOST = 3;

/** How many people's views fit side by side. */
export const fitting = (width: number): number =>
  Math.max(1, Math.min(MOST, Math.floor(width / VIEW_PX)));

/** The order that is shown first. The newest ones move by themselves and are soon over; an old one waits for
 *  who looks at it. */
export const firstOf = (orders: readonly DemoOrder[]): DemoOrder | undefined =>
  orders.findLast((one) => !isOver(one.status) && one.status !== 'accepted') ??
  orders.findLast((one) => !isOver(one.status)) ??
  orders[0];

/** Customer and rider face each other; where there is no rider yet, customer and pharmacy. */
export function pairOf({ people }: DemoOrder, fits: number): readonly Person[] {
  const person = (role: string) => people.find((one) => one.role === role);
  return [person('customer'), person('rider') ?? person('pharmacy')]
    .filter((one) => one !== undefined)
    .slice(0, fits);
}

/** Steps into somebody's view or out of it; the first one goes where there is no room. */
export const stepped = (
  views: readonly Person[],
  person: Person,
  fits: number,
): readonly Person[] =>
  views.some((one) => one.user === person.user)
    ? views.filter((one) => one.user !== person.user)
    : [...views.slice(views.length >= fits ? 1 : 0), person];

/** Side by side, where there is room: the one has lost the chat and the other has got it. */
export const handedOver = (
  views: readonly Person[],
  before: string | undefined,
  next: Person,
  fits: number,
): readonly Person[] =>
  // Riders take turns: the next one may be looked at already.
  views.some((one) => one.user === next.user)
    ? views
    : views.length < fits
      ? [...views, next]
      : views.map((one) => (one.user === before ? next : one));
