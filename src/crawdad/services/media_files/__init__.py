"""Files that agents make for people: kept for a while under an address that nobody can guess."""
