// @ethersproject/random on the execution's seeded stream.
import { Logger } from "@ethersproject/logger";

const logger = new Logger("random/5.8.0");

export function randomBytes(length) {
    if (length <= 0 || length > 1024 || length % 1 || length != length) {
        logger.throwArgumentError("invalid length", "length", length);
    }
    return host.randomBytes(length);
}

export function shuffled(array) {
    const copy = array.slice();
    for (let i = copy.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
}
