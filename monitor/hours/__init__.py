"""Events of one cohort in, class hours out. Pure: no clock, no files but its own rules, no network."""
