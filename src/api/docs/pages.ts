const page = (title: string, head: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><link rel="icon" href="/app/icon.svg" type="image/svg+xml">${head}</head><body>${body}</body></html>`;

export const swaggerPage = page(
  'Annals API',
  '<link rel="stylesheet" href="/docs/assets/swagger-ui.css">',
  '<div id="api"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/open-swagger.js"></script>',
);
export const swaggerScript =
  "SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#api', deepLinking: true, docExpansion: 'none', validatorUrl: null });\n";

export const redocPage = page(
  'Annals API reference',
  '',
  '<div id="api"></div><script src="/docs/assets/redoc.js"></script><script src="/docs/assets/open-redoc.js"></script>',
);
export const redocScript = "Redoc.init('/api/openapi.json', { hideDownloadButton: false }, document.getElementById('api'));\n";
