exports.ProtocolAddress = exports.SessionBuilder = exports.SessionCipher = exports.SessionRecord = undefined;
