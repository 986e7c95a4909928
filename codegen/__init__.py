"""Room: `codegen`."""
