// How the board is built, served while it is written, and tested.
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { firstPage, packed } from './build.ts'

/** A running service, for `npm run dev`: MONITOR=http://127.0.0.1:8080 npm run dev */
const service = process.env.MONITOR ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue(), firstPage(), packed()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../monitor/site',
    emptyOutDir: true,
    // Schools keep old computers: what a browser of 2022 reads.
    target: ['chrome100', 'edge100', 'firefox100', 'safari15.4'],
    // The Content-Security-Policy knows no data: scripts, and small files are cached as well as large ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // ECharts, which only the chart of days loads.
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: {
    proxy: {
      '/v1': {
        target: service,
        ws: true,
        changeOrigin: true,
        // The service checks that Origin is its own.
        headers: { origin: service },
      },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.spec.ts'],
    restoreMocks: true,
    isolate: false,
  },
})

