export * from './content.ts';
export * from './diff.ts';
export * from './shelf.ts';
export * from './slash.ts';
export * from './system.ts';
