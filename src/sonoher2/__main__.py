"""`python -m sonoher2`."""

from sonoher2.cli import main

if __name__ == "__main__":
    main()
