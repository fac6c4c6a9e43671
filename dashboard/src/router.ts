// Which address shows which page: one line a page, loaded when it is first asked for.
// `meta.open`: without a session. `meta.cohort`: within a cohort, in its row of pages under this word of frame.pages;
// `meta.roles`: only for these (others who come by its address are told why not).
import { nextTick } from 'vue'
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { askSession, session, type Role } from './live/session'
import type { Words } from './words/words'

declare module 'vue-router' {
  interface RouteMeta {
    open?: boolean
    roles?: Role[]
    cohort?: keyof Words['frame']['pages']
  }
}

export const routes: RouteRecordRaw[] = [
  { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignIn.vue'), meta: { open: true } },
  { path: '/link', name: 'link', component: () => import('./pages/OneTimeLink.vue'), meta: { open: true } },
  { path: '/', name: 'cohorts', component: () => import('./pages/CohortList.vue') },
  { path: '/cohorts/:cohort', name: 'class', component: () => import('./pages/ClassNow.vue'), props: true, meta: { cohort: 'class' } },
  { path: '/cohorts/:cohort/progress', name: 'progress', component: () => import('./pages/ProgressMap.vue'), props: true, meta: { cohort: 'progress' } },
  { path: '/cohorts/:cohort/people/:person', name: 'person', component: () => import('./pages/OneTrainee.vue'), props: true },
  { path: '/cohorts/:cohort/findings', name: 'findings', component: () => import('./pages/CohortFindings.vue'), props: true, meta: { cohort: 'findings', roles: ['teacher', 'clerk', 'approver', 'auditor', 'admin'] } },
  { path: '/cohorts/:cohort/inbox', name: 'inbox', component: () => import('./pages/CohortInbox.vue'), props: true, meta: { cohort: 'inbox', roles: ['clerk', 'admin'] } },
  { path: '/users', name: 'users', component: () => import('./pages/UserList.vue') },
  { path: '/users/:user', name: 'user', component: () => import('./pages/UserPage.vue'), props: true },
  { path: '/account', name: 'account', component: () => import('./pages/MyAccount.vue') },
  { path: '/:nowhere(.*)*', name: 'nowhere', component: () => import('./pages/NoSuchPage.vue'), meta: { open: true } },
]

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 } })

router.beforeEach(async (to) => {
  if (to.meta.open) return true
  if (session.value === null) {
    try {
      await askSession()
    } catch {
      return true // The page itself says that the service can't be reached, and tries again.
    }
  }
  if (session.value?.user === null) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
  return true
})

// Who listens instead of looking is told that the page is another one: what was focused went with the old page.
router.afterEach((to, from) => {
  if (from.matched.length === 0 || to.path === from.path) return
  void nextTick(() => {
    const page = document.getElementById('page')
    if (!page?.contains(document.activeElement)) page?.focus({ preventScroll: true })
  })
})
