"""The search's cost model: its rules, and the table that the kernel reads."""
