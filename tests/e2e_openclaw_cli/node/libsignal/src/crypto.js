exports.calculateMAC = exports.decrypt = exports.deriveSecrets = exports.encrypt = undefined;
