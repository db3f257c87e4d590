import { createStore } from '../store.ts';

/** Whether the Connect dialog is open; several places open it. */
export const connectDialog = createStore(false);

export function openConnect(): void {
  connectDialog.set(() => true);
}
