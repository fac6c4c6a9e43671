"""What is said when a decision can't be taken. A sentence for whoever asked; never personal data."""

from collections.abc import Sequence

from monitor.cohort import CohortError


class Declined(Exception):
    """A decision that can't be taken.

    `reason`: not_found, invalid, conflict, forbidden, not_allowed (it takes two people) or unavailable;
    bad_name, bad_password, link_gone of users.

    `detail` is a sentence for whoever asked; `errors` names what is wrong with a cohort file, all at once.
    """

    def __init__(self, reason: str, detail: str, errors: Sequence[CohortError] = ()) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.errors = list(errors)

    @classmethod
    def file(cls, reason: str, errors: Sequence[CohortError]) -> "Declined":
        """All that is wrong with a cohort file."""
        return cls(reason, "\n".join(str(error) for error in errors), errors)
