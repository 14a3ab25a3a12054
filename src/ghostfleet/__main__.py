"""`python -m ghostfleet` is the `ghostfleet` command."""

from ghostfleet.cli import main

if __name__ == "__main__":
    main()
