"""`python -m crawdad.app`: the command line without an installed script."""

from crawdad.app.main import main

main()
