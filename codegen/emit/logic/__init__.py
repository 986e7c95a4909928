"""The logic of nodes in no language, and its text in each."""
