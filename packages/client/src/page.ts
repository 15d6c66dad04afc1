/** The origin of the page this runs in; undefined outside a browser. */
export const pageOrigin = (): string | undefined => (globalThis as { location?: { origin: string } }).location?.origin;
