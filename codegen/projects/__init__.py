"""Projects for tools beside AMD's: oneAPI, and emulators for CMS software."""
