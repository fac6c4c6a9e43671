"""What staff decide: cohorts, bindings, corrections, sources, tokens, users, erasures. The log, then tables.

In: a decision, who takes it, why, and `now`. Out: what came of it, or `Declined` with a sentence. Never:
HTTP, the clock, whether a role may decide this (the doors ask that). Every decision is an entry of the log,
so that an answer given last week can be given again, and so that the tables can be read anew from it
(`rebuild`); secrets, hashes of tokens and passwords, links, sessions, identities and who read what are in the
tables and nowhere else.
"""

from monitor.office.access import Access
from monitor.office.bindings import Binding, Bindings
from monitor.office.cohorts import Imported
from monitor.office.corrections import Corrections
from monitor.office.declined import Declined
from monitor.office.erasures import Erasures
from monitor.office.links import Links

__all__ = ["Binding", "Declined", "Imported", "Office"]


class Office(Bindings, Corrections, Access, Links, Erasures):
    """The office of one data folder. Open it with `Office.open`, close it with `close`."""
