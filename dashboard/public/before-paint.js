// Sets theme and language before anything is painted, so that nothing flashes. Runs before the board itself;
// src/parts/theme.ts and src/words/words.ts keep what is read here.
(function () {
  var root = document.documentElement
  var kept = function (key) {
    try {
      return localStorage.getItem(key)
    } catch (e) {
      return null
    }
  }
  var theme = kept('theme')
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.dataset.theme = dark ? 'dark' : 'light'
  root.lang = kept('language') === 'en' ? 'en' : 'zh-CN'
})()
