"""The search: from data and a teacher to small expressions, scored as hardware."""
