// The words of the rules: states, categories, verdicts, reasons, standings, kinds.
import type { zh } from '../zh'

export const law: typeof zh.law = {
  doing: {
    camera_on: 'In room, camera on',
    camera_off: 'Camera off',
    no_evidence: 'No evidence',
    not_in_room: 'Not in the room',
    signed_in: 'Signed in',
    signed_out: 'Signed out',
    not_signed_in: 'Not signed in',
  },
  categories: {
    valid: 'Valid',
    camera_off: 'Camera off',
    no_evidence: 'No evidence',
    not_in_room: 'Not in the room',
    open: 'Open',
    late: 'Late',
    no_sign_in: 'Not signed in',
    left_early: 'Left early',
    overlap: 'Counted elsewhere',
  },
  verdicts: {
    credited: 'Credited',
    refused: 'Refused',
    pending: 'Pending',
    live: 'Running',
    upcoming: 'Upcoming',
    not_countable: 'Carries no hours',
    not_enrolled: 'Not enrolled',
  },
  reasons: {
    camera_off: 'Camera off',
    no_evidence: 'No evidence',
    not_in_room: 'Not in the room',
    open: 'Open',
    no_sign_in: 'Not signed in',
    late: 'Late',
    left_early: 'Left early',
    overlap: 'Counted elsewhere',
    over_daily_cap: 'Over the daily cap',
    manual: 'Corrected by hand',
  },
  standings: {
    met: 'Met',
    on_track: 'On track',
    at_risk: 'At risk',
    short: 'Short',
    unrecoverable: 'Out of reach',
  },
}
