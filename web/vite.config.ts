import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

const server = process.env['ANNALS_URL'] ?? 'http://127.0.0.1:4417';

export default defineConfig({
  base: '/app/',
  plugins: [react(), tailwindcss()],
  resolve: { conditions: ['annals-source', ...defaultClientConditions] },
  build: { target: 'es2024', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 1200 },
  server: { proxy: Object.fromEntries(['/aui', '/api', '/login'].map((path) => [path, { target: server, changeOrigin: true }])) },
});
