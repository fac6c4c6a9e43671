// Starts the board. In: nothing. Out: the page. Never: anything else.
import './parts/tokens.css'
import './parts/base.css'
import './parts/seconds.css'
import './parts/cells.css'
import { createApp, watch } from 'vue'
import App from './App.vue'
import { session } from './live/session'
import { router } from './router'

createApp(App).use(router).mount('#app')

watch(session, (now, before) => {
  const page = router.currentRoute.value
  if (before?.user && !now?.user && !page.meta.open) {
    void router.replace({ name: 'sign-in', query: { to: page.fullPath, ended: '1' } })
  }
})
