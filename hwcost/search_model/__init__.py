"""The cost inside the search: its rules, and the table that the kernel reads."""
