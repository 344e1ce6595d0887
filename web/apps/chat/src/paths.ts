/** Every address of the pages is made here. */
const BASE = '/app';

export type Pane = 'order' | 'people' | 'timeline' | 'search';

export const paths = {
  home: () => `${BASE}/`,
  demo: () => `${BASE}/demo`,
  search: (q = '') => `${BASE}/search${q ? `?q=${encodeURIComponent(q)}` : ''}`,
  room: (room: string) => `${BASE}/rooms/${encodeURIComponent(room)}`,
  message: (room: string, message: string) =>
    `${paths.room(room)}/m/${encodeURIComponent(message)}`,
  thread: (room: string, message: string) =>
    `${paths.room(room)}/thread/${encodeURIComponent(message)}`,
};

export type Route =
  | { page: 'demo' }
  | { page: 'home' }
  | { page: 'search' }
  | { page: 'room'; room: string; message: string | null; thread: string | null };

export function routeOf(pathname: string): Route {
  const parts = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  if (parts[0] === 'app') parts.shift();
  const [first, room, what, id] = parts;
  if (first === 'demo') return { page: 'demo' };
  if (first === 'search') return { page: 'search' };
  if (first === 'rooms' && room) {
    return {
      page: 'room',
      room,
      message: what === 'm' ? (id ?? null) : null,
      thread: what === 'thread' ? (id ?? null) : null,
    };
  }
  return { page: 'home' };
}
