/** Fields of a participant that are the caller's own business, and null in events. */
export const OF_PARTICIPANTS = [
  'is_online',
  'last_seen',
  'can_send_messages',
  'can_receive_messages',
  'notification_preferences',
] as const;

/** The next state of a thing, with what only the old one knows: the caller's own fields are null in events. */
export function withOwn<T extends object>(
  next: T,
  old: T | undefined,
  fields: readonly (keyof T)[],
): T {
  const all = { ...next };
  for (const field of fields) all[field] = next[field] ?? old?.[field] ?? (null as never);
  return all;
}
