"""Taking a turn: from a client's request through the catalogue to a source, and its answer back in the client's words.

Until the first event another source may be tried; after it the client has heard us, and never again.
"""
