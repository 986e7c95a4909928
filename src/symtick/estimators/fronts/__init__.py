"""The front of a regression: its equations by cost, and how they are shown."""
