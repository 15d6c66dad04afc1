/** The value as an object to look into; anything else looks empty. */
export const record = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null ? { ...value } : {});

/** A non-empty string, or null. */
export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

export const readJson = async (response: Response): Promise<Record<string, unknown>> => record(await response.json());
