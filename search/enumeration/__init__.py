"""Every function up to a size, and formulas met from both ends."""
