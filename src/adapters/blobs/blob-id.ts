const BLOB_ID = /^[A-Za-z0-9_-]{1,200}$/;

/** Safe as the name of a file in any folder. */
export const isBlobId = (id: string): boolean => BLOB_ID.test(id);

export function assertBlobId(id: string): void {
  if (!isBlobId(id)) throw new TypeError(`${JSON.stringify(id)} is not a blob's id: 1 to 200 of A-Z, a-z, 0-9, "_" and "-".`);
}
