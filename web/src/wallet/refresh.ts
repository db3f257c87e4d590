let refresh: () => void = () => undefined;

/** The app says how to load the server's data again; a confirmed transaction asks for it. */
export function setRefresh(next: () => void): void {
  refresh = next;
}

export function refreshNow(): void {
  refresh();
}
