"""The search: from data and a teacher to tiny closed forms that are measured as hardware."""
