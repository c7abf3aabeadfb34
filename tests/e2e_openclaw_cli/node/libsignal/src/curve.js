exports.calculateSignature = exports.generateKeyPair = exports.verifySignature = undefined;
