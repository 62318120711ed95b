// @ethersproject/sha2 on the host's functions.
import { arrayify, concat, hexlify } from "@ethersproject/bytes";
import { Logger } from "@ethersproject/logger";

const logger = new Logger("sha2/5.8.0");

export const SupportedAlgorithm = { sha256: "sha256", sha512: "sha512" };

export function ripemd160(data) {
    return host.ripemd160(arrayify(data));
}
export function sha256(data) {
    return host.sha256(arrayify(data));
}
export function sha512(data) {
    return host.sha512(arrayify(data));
}

// RFC 2104.
export function computeHmac(algorithm, key, data) {
    const block = { sha256: 64, sha512: 128 }[algorithm];
    if (block === undefined) {
        logger.throwError("unsupported algorithm " + algorithm, Logger.errors.UNSUPPORTED_OPERATION, {
            operation: "hmac",
            algorithm: algorithm,
        });
    }
    const hash = algorithm === "sha256" ? sha256 : sha512;
    let bytes = arrayify(key);
    if (bytes.length > block) {
        bytes = arrayify(hash(bytes));
    }
    const pad = (mask) => {
        const padded = new Uint8Array(block).fill(mask);
        for (let i = 0; i < bytes.length; i++) {
            padded[i] ^= bytes[i];
        }
        return padded;
    };
    return hexlify(hash(concat([pad(0x5c), hash(concat([pad(0x36), data]))])));
}
