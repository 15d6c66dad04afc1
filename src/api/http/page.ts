const policy = (directives: Readonly<Record<string, string>>): string =>
  Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');

const ownPage = {
  'default-src': "'none'",
  'script-src': "'self'",
  'connect-src': "'self'",
  'font-src': "'self' data:",
  'img-src': "'self' data: blob:",
  'media-src': "'self' blob:",
  'manifest-src': "'self'",
  // Components set styles of their own at run time; scripts they cannot.
  'style-src': "'self' 'unsafe-inline'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** For pages of the app: nothing from elsewhere, no inline script, no frame around it. */
export const pageHeaders: Readonly<Record<string, string>> = { 'Content-Security-Policy': policy(ownPage) };

/** For the documentation's pages, whose search runs in a worker made from a blob. */
export const docsHeaders: Readonly<Record<string, string>> = { 'Content-Security-Policy': policy({ ...ownPage, 'worker-src': "'self' blob:" }) };
