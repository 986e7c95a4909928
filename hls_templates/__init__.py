"""Room: `hls_templates`."""
