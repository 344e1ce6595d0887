import type { Component } from 'svelte';

/** Dialogs are loaded when they are wanted. */
const loaders = {
  settings: () => import('./Settings.svelte'),
  keys: () => import('./Keys.svelte'),
  room: () => import('./RoomForm.svelte'),
  report: () => import('./Report.svelte'),
  history: () => import('./History.svelte'),
  receipts: () => import('./Receipts.svelte'),
  person: () => import('./AddPerson.svelte'),
  role: () => import('./ChangeRole.svelte'),
  switcher: () => import('./Switcher.svelte'),
} as const;

export type Name = keyof typeof loaders;
type AnyDialog = Component<Record<string, unknown> & { onclose: () => void }>;

class Dialogs {
  open: { name: Name; props: Record<string, unknown> } | null = $state.raw(null);

  show(name: Name, props: Record<string, unknown> = {}): void {
    this.open = { name, props };
  }

  close(): void {
    this.open = null;
  }

  load(name: Name): Promise<{ default: AnyDialog }> {
    return loaders[name]() as Promise<{ default: unknown }> as Promise<{ default: AnyDialog }>;
  }
}

export const dialogs = new Dialogs();
