"""`python -m symtick.cli`, the same as `symtick`."""

from symtick.cli import main

if __name__ == "__main__":
    main()
