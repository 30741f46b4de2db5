/** Builds the web interface to `dist`, which the server serves. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    // Small images in style sheets as data would need a looser content security policy for no gain.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  // `npm run dev -w plimsoll-web` beside a running server.
  server: { proxy: { '/api': { target: process.env['PLIMSOLL_URL'] ?? 'http://127.0.0.1:8080' } } },
});
