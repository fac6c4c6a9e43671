// What the file of a cohort says that answers only name by id: its time zone, courses, people. In: a cohort.
// Out: names for ids. Never: keeps a page waiting; without it ids are shown.
import { shallowRef, watch, type Ref } from 'vue'
import { ask } from './ask'

export interface FilePerson {
  id: string
  role: 'teacher' | 'trainee'
  name: string | null
}

export interface CohortFacts {
  /** Where the class is; the browser's own zone until it is known. */
  timezone: string | undefined
  /** The course of a session, by its id. */
  courses: Map<string, string>
  people: FilePerson[]
}

interface Told {
  cohort: { timezone?: string | null }
  sessions?: { id: string; course: string }[] | null
  people?: { id: string; role: FilePerson['role']; name?: string | null }[] | null
}

export function factsOf(told: Told): CohortFacts {
  return {
    timezone: told.cohort.timezone ?? undefined,
    courses: new Map((told.sessions ?? []).map((one) => [one.id, one.course])),
    people: (told.people ?? []).map(({ id, role, name }) => ({ id, role, name: name ?? null })),
  }
}

/** The facts of a cohort, empty until they are known. */
export function useCohortFacts(cohort: () => string): Readonly<Ref<CohortFacts>> {
  const facts = shallowRef<CohortFacts>(factsOf({ cohort: {} }))
  watch(
    cohort,
    async (id) => {
      try {
        const told = factsOf(await ask<Told>('GET', `/v1/cohorts/${encodeURIComponent(id)}`))
        if (id === cohort()) facts.value = told
      } catch {
        // The page that needs them asks doors of its own, and says what failed.
      }
    },
    { immediate: true },
  )
  return facts
}
