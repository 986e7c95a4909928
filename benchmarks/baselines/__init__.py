"""Other ways to make the same logic: da4ml, alkaid, hls4ml's symbolic back end."""
