"""`python -m sonoher2`."""

from sonoher2.cli.app import main

if __name__ == "__main__":
    main()
