"""monitor: events from classrooms in, proven class hours (有效学时) out."""

__version__ = "0.1.0"
