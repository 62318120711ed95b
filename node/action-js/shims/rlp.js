// @ethersproject/rlp on hex texts: what it makes is put together from texts instead of byte by byte.
import { hexlify, isBytesLike } from "@ethersproject/bytes";
import { Logger } from "@ethersproject/logger";

const logger = new Logger("rlp/5.8.0");

const prefix = (short, bytes) => {
    if (bytes <= 55) {
        return hexlify(short + bytes).slice(2);
    }
    const length = hexlify(bytes).slice(2);
    return hexlify(short + 55 + length.length / 2).slice(2) + length;
};

const write = (object) => {
    if (Array.isArray(object)) {
        const payload = object.map(write).join("");
        return prefix(0xc0, payload.length / 2) + payload;
    }
    if (!isBytesLike(object)) {
        logger.throwArgumentError("RLP object must be BytesLike", "object", object);
    }
    const hex = hexlify(object).slice(2);
    if (hex.length === 2 && hex < "80") {
        return hex;
    }
    return prefix(0x80, hex.length / 2) + hex;
};

export function encode(object) {
    return "0x" + write(object);
}

const tooShort = (what) => logger.throwError(what, Logger.errors.BUFFER_OVERRUN, {});

// Reads one item of hex that begins at `at`, a byte offset; hands back the item and where it ends.
const read = (hex, at) => {
    const total = hex.length / 2;
    if (total === 0) {
        tooShort("data too short");
    }
    const byte = parseInt(hex.slice(2 * at, 2 * at + 2), 16);
    const list = byte >= 0xc0;
    if (byte < 0x80) {
        return ["0x" + hex.slice(2 * at, 2 * at + 2), at + 1];
    }
    let length = byte - (list ? 0xc0 : 0x80);
    let start = at + 1;
    if (length > 55) {
        start += length - 55;
        if (start > total) {
            tooShort(list ? "data short segment too short" : "data array too short");
        }
        length = parseInt(hex.slice(2 * at + 2, 2 * start), 16);
        if (start + length > total) {
            tooShort(list ? "data long segment too short" : "data array too short");
        }
    }
    const end = start + length;
    // A data offset past the end reads as NaN.
    if (!(end <= total)) {
        tooShort(list ? "data array too short" : "data too short");
    }
    if (!list) {
        return ["0x" + hex.slice(2 * start, 2 * end), end];
    }
    const items = [];
    while (start < end) {
        const [item, next] = read(hex, start);
        items.push(item);
        start = next;
        if (start > end) {
            tooShort("child data too short");
        }
    }
    return [items, end];
};

export function decode(data) {
    const hex = hexlify(data).slice(2);
    const [item, end] = read(hex, 0);
    if (end !== hex.length / 2) {
        logger.throwArgumentError("invalid rlp data", "data", data);
    }
    return item;
}
