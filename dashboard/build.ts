// What is done to the board once it is built: the first page is kept small, and packed for browsers that take it so.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** The JavaScript that a first page needs, gzipped. */
const MOST = 250 * 1024
const PACKED = /\.(js|css|svg|html)$/
/** What is smaller gains nothing. */
const LEAST = 1_024

/** Fails the build where the entry and any one page's own script are more than MOST together. */
export function firstPage(): Plugin {
  return {
    name: 'first-page',
    apply: 'build',
    // Files as they were written: before that, other plugins still change them.
    writeBundle({ dir = '.' }, bundle) {
      const needs = (name: string, found = new Set<string>()): Set<string> => {
        const file = bundle[name]
        if (found.has(name) || file?.type !== 'chunk') return found
        found.add(name)
        file.imports.forEach((one) => needs(one, found))
        return found
      }
      const size = (names: Set<string>): number =>
        [...names].reduce((sum, name) => sum + gzipSync(readFileSync(join(dir, name))).length, 0)
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
    writeBundle({ dir = '.' }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!PACKED.test(name)) continue
        const source = readFileSync(join(dir, name))
        if (source.length < LEAST) continue
        writeFileSync(join(dir, `${name}.gz`), gzipSync(source, { level: 9 }))
        const params = { [constants.BROTLI_PARAM_QUALITY]: 9 }
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(source, { params }))
      }
    },
  }
}
