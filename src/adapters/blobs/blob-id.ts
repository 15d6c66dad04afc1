const BLOB_ID = /^[A-Za-z0-9_-]{1,200}$/;

/** Throws a TypeError unless the id is safe as the name of a file in any folder. */
export function assertBlobId(id: string): void {
  if (!BLOB_ID.test(id)) throw new TypeError(`${JSON.stringify(id)} is not a blob's id: 1 to 200 of A-Z, a-z, 0-9, "_" and "-".`);
}
