"""Run: `python -m benchmarks.unseen`; what worker processes import is in `runs`."""

from benchmarks.unseen.runs import main

if __name__ == "__main__":
    main()
