import { closeSync, fsyncSync, openSync } from 'node:fs';

/** After it a power loss forgets no file that was made in the folder before. Windows has no such thing. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
