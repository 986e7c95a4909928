"""What a run shows: tables, plots and the HTML page."""
