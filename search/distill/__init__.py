"""The distillation: evolution and layered forms into one front of designs."""
