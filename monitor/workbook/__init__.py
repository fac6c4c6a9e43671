"""Workbooks (.xlsx) of organisers in, cohort files out; and the empty ones to fill in."""
