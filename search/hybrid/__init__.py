"""Policy and evolution joined: each feeds the other."""
