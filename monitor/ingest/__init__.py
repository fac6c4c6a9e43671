"""Bytes of one delivery in, events out: one file a platform, no database, no clock."""
