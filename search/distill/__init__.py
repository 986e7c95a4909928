"""The distillation: joint models and layered forms into one front of designs."""
