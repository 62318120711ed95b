// @ethersproject/signing-key on the host's secp256k1.
import { arrayify, hexDataLength, hexlify, splitSignature } from "@ethersproject/bytes";
import { Logger } from "@ethersproject/logger";
import { defineReadOnly } from "@ethersproject/properties";

const logger = new Logger("signing-key/5.8.0");

export class SigningKey {
    constructor(privateKey) {
        defineReadOnly(this, "curve", "secp256k1");
        defineReadOnly(this, "privateKey", hexlify(privateKey));
        if (hexDataLength(this.privateKey) !== 32) {
            logger.throwArgumentError("invalid private key", "privateKey", "[[ REDACTED ]]");
        }
        const bytes = arrayify(this.privateKey);
        defineReadOnly(this, "publicKey", host.publicKey(bytes, false));
        defineReadOnly(this, "compressedPublicKey", host.publicKey(bytes, true));
        defineReadOnly(this, "_isSigningKey", true);
    }

    _addPoint(other) {
        return host.addPoints(arrayify(this.publicKey), arrayify(other));
    }

    signDigest(digest) {
        const bytes = arrayify(digest);
        if (bytes.length !== 32) {
            logger.throwArgumentError("bad digest length", "digest", digest);
        }
        return splitSignature(host.sign(bytes, arrayify(this.privateKey)));
    }

    computeSharedSecret(otherKey) {
        return host.sharedSecret(arrayify(this.privateKey), arrayify(computePublicKey(otherKey)));
    }

    static isSigningKey(value) {
        return !!(value && value._isSigningKey);
    }
}

export function recoverPublicKey(digest, signature) {
    const { r, s, recoveryParam } = splitSignature(signature);
    return host.recover(arrayify(digest), arrayify(r), arrayify(s), recoveryParam);
}

export function computePublicKey(key, compressed) {
    const bytes = arrayify(key);
    switch (bytes.length) {
        case 32:
            return host.publicKey(bytes, Boolean(compressed));
        case 33:
            return compressed ? hexlify(bytes) : host.publicKey(bytes, false);
        case 65:
            return compressed ? host.publicKey(bytes, true) : hexlify(bytes);
    }
    return logger.throwArgumentError("invalid public or private key", "key", "[REDACTED]");
}
