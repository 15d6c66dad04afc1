export const collectionName = /^[a-z0-9-]+@[0-9]+(\+rebuild)?$/;
export const fieldName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `<view>@<version>`, with `+rebuild` while the same version is built anew beside it. Anything else is a bug and throws. */
export function assertCollectionName(name: string): void {
  if (!collectionName.test(name)) throw new TypeError(`Not a collection name: ${JSON.stringify(name)}. Use <view>@<version>, e.g. conversations@1.`);
}

/** Names of fields go into SQL as they are, so they are letters, digits and underscores only. Anything else is a bug and throws. */
export function assertFieldName(field: string): void {
  if (!fieldName.test(field)) throw new TypeError(`Not a field that can be filtered, sorted or indexed: ${JSON.stringify(field)}.`);
}

export const missingCollection = (name: string) => new Error(`No collection ${name}: call open() first.`);
