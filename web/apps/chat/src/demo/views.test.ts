import { describe, expect, it } from 'vitest';
import type { DemoOrder, Person } from './api.js';
import { firstOf, fitting, handedOver, pairOf, stepped } from './views.js';

const person = (role: string, user = role): Person => ({ user, role, name: user });
const order = (status: string, ...people: Person[]): DemoOrder => ({
  order: status,
  number: '1',
  room: null,
  room_title: null,
  status,
  delivery_status: null,
  people,
});
const [customer, pharmacy, rider] = [person('customer'), person('pharmacy'), person('rider')];

describe('the views of the demo', () => {
  it('there are as many as fit, one at least and three at most', () => {
    expect([200, 719, 720, 1079, 1080, 5000].map(fitting)).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('the oldest order under way is shown first, then any that is not over, then what there is', () => {
    const [accepted, ready, over] = [order('accepted'), order('ready'), order('delivered')];
    expect(firstOf([accepted, ready, over])).toBe(ready);
    expect(firstOf([order('preparing'), ready, over])).toBe(ready);
    expect(firstOf([accepted, over])).toBe(accepted);
    expect(firstOf([over])).toBe(over);
    expect(firstOf([])).toBeUndefined();
  });

  it('customer and rider face each other, or the pharmacy where there is no rider', () => {
    expect(pairOf(order('ready', pharmacy, customer, rider), 2)).toEqual([customer, rider]);
    expect(pairOf(order('ready', pharmacy, customer), 2)).toEqual([customer, pharmacy]);
    expect(pairOf(order('ready', pharmacy, customer, rider), 1)).toEqual([customer]);
  });

  it('one steps in beside the others, in place of the first where there is no room, and out again', () => {
    expect(stepped([customer], rider, 2)).toEqual([customer, rider]);
    expect(stepped([customer, rider], pharmacy, 2)).toEqual([rider, pharmacy]);
    expect(stepped([customer, rider], customer, 2)).toEqual([rider]);
  });

  it('the next rider comes beside the one before, or in their place', () => {
    const next = person('rider', 'sam');
    expect(handedOver([customer, rider], 'rider', next, 3)).toEqual([customer, rider, next]);
    expect(handedOver([customer, rider], 'rider', next, 2)).toEqual([customer, next]);
    expect(handedOver([customer, pharmacy], 'rider', next, 2)).toEqual([customer, pharmacy]);
  });
});
