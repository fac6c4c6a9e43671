// What is done to the board once it is built: the first page is kept small, and packed for browsers that take it so.
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** The JavaScript that a first page needs, gzipped. */
const MOST = 250 * 1024
const PACKED = /\.(js|css|svg|html)$/

/** Fails the build where the entry and any one page's own script are more than MOST together. */
export function firstPage(): Plugin {
  return {
    name: 'first-page',
    apply: 'build',
    generateBundle(_, bundle) {
      const size = (names: Set<string>): number =>
        [...names].reduce((sum, name) => {
          const file = bundle[name]
          return sum + (file?.type === 'chunk' ? gzipSync(file.code).length : 0)
        }, 0)
      const needs = (name: string, found = new Set<string>()): Set<string> => {
        const file = bundle[name]
        if (found.has(name) || file?.type !== 'chunk') return found
        found.add(name)
        file.imports.forEach((one) => needs(one, found))
        return found
      }
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
      const entry = chunks.find((file) => file.isEntry)
      if (!entry) throw new Error('there is no entry')
      const pages = chunks.filter((file) => file.facadeModuleId?.includes('/src/pages/'))
      const sizes = pages.map((page) => size(needs(page.fileName, needs(entry.fileName))))
      const largest = Math.max(size(needs(entry.fileName)), ...sizes)
      if (largest > MOST) throw new Error(`a first page needs ${largest} bytes of JavaScript, gzipped; at most ${MOST}`)
      this.info(`the largest first page needs ${Math.ceil(largest / 1024)} KB of JavaScript, gzipped`)
    },
  }
}

/** Lays a .gz and a .br beside each file that gets smaller by it. */
export function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (!PACKED.test(file.fileName)) continue
        const source = Buffer.from(file.type === 'chunk' ? file.code : file.source)
        if (source.length < 1_024) continue
        const params = { [constants.BROTLI_PARAM_QUALITY]: 9 }
        this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: gzipSync(source, { level: 9 }) })
        this.emitFile({ type: 'asset', fileName: `${file.fileName}.br`, source: brotliCompressSync(source, { params }) })
      }
    },
  }
}
