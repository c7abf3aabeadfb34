"""OneBot 11 (github.com/botuniverse/onebot-11), as NapCat and others speak it: frames, segments, CQ codes, NapCat's web API."""
