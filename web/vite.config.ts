import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm start` listens; `npm run dev:web` shows pages that ask it. */
const SERVICE = process.env.SERVICE_URL ?? 'http://127.0.0.1:3000'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // The service names what a page loads in its document.
    manifest: 'files.json',
    rolldownOptions: {
      output: {
        // What the first script needs comes with it, and not in a file for each set of pages that share something of it.
        codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] },
      },
    },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    // For older ones light-dark() is written anew in a way that looks at a colour scheme known when it is built.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
  server: { proxy: { '/api': { target: SERVICE } } },
})
