"""A learning platform that does not exist: people who behave like people, pushed over real HTTP."""
