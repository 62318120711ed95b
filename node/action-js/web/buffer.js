// What programs for Node.js use of `Buffer` (https://nodejs.org/api/buffer.html): bytes with encodings, a Uint8Array.
(function (host) {
    "use strict";
    const bytesOf = Uint8Array;
    const { isView } = ArrayBuffer;
    const range = (message) => {
        throw new RangeError(`Buffer: ${message}`);
    };

    const decodeBase64 = (text) => {
        const digits = text.replace(/-/g, "+").replace(/_/g, "/").replace(/=[^]*$/, "").replace(/[^A-Za-z0-9+/]/g, "");
        return host.fromBase64(digits.length % 4 === 1 ? digits.slice(0, -1) : digits);
    };
    const utf16 = {
        encode: (text) => {
            const bytes = new bytesOf(2 * text.length);
            for (let i = 0; i < text.length; i++) {
                bytes[2 * i] = text.charCodeAt(i);
                bytes[2 * i + 1] = text.charCodeAt(i) >> 8;
            }
            return bytes;
        },
        decode: (bytes) => {
            const units = [];
            for (let i = 0; i + 1 < bytes.length; i += 2) {
                units.push(String.fromCharCode(bytes[i] | (bytes[i + 1] << 8)));
            }
            return units.join("");
        },
    };
    const latin1 = { encode: host.fromLatin1, decode: host.toLatin1 };
    const utf8 = { encode: host.fromUtf8, decode: host.toUtf8 };
    const base64 = { encode: decodeBase64, decode: host.toBase64 };
    const urls = (text) => text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    const ENCODINGS = Object.assign(Object.create(null), {
        utf8,
        "utf-8": utf8,
        hex: {
            // What follows the first pair that is no hex is left out.
            encode: (text) => host.fromHex(/^(?:[0-9a-f]{2})*/i.exec(text)[0]),
            decode: (bytes) => host.toHex(bytes).slice(2),
        },
        base64,
        base64url: { encode: decodeBase64, decode: (bytes) => urls(host.toBase64(bytes)) },
        latin1,
        binary: latin1,
        ascii: { encode: host.fromLatin1, decode: (bytes) => host.toLatin1(bytes.map((byte) => byte & 127)) },
        utf16le: utf16,
        "utf-16le": utf16,
        ucs2: utf16,
        "ucs-2": utf16,
    });
    const encoding = (name = "utf8") => {
        const found = ENCODINGS[`${name}`.toLowerCase()];
        if (found === undefined) {
            throw new TypeError(`Buffer: unknown encoding: ${`${name}`.slice(0, 32)}`);
        }
        return found;
    };

    /** A buffer on the memory of a Uint8Array. */
    const wrap = (bytes) => Object.setPrototypeOf(bytes, Buffer.prototype);
    const plain = (view) => {
        if (!(view instanceof bytesOf)) {
            throw new TypeError("Buffer: called on another object");
        }
        return new bytesOf(view.buffer, view.byteOffset, view.byteLength);
    };

    function Buffer(value, second, third) {
        if (typeof value === "string") {
            return Buffer.from(value, second);
        }
        if (typeof value !== "number" && !(value instanceof ArrayBuffer)) {
            return Buffer.from(value, second, third);
        }
        return Reflect.construct(bytesOf, [value, second, third], new.target ?? Buffer);
    }
    Object.setPrototypeOf(Buffer, bytesOf);
    Buffer.prototype = Object.create(bytesOf.prototype, {
        constructor: { value: Buffer, writable: true, configurable: true },
    });

    const define = (target, methods) => {
        for (const name of Object.keys(methods)) {
            const value = methods[name];
            Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
        }
    };

    const size = (length) => {
        if (typeof length !== "number") {
            throw new TypeError("Buffer.alloc: size: expected a number");
        }
        return length >= 0 && length < 2 ** 32 ? Math.floor(length) : range("size out of range");
    };
    const compareBytes = (a, b) => {
        const shared = Math.min(a.length, b.length);
        for (let i = 0; i < shared; i++) {
            if (a[i] !== b[i]) {
                return a[i] < b[i] ? -1 : 1;
            }
        }
        return Math.sign(a.length - b.length);
    };
    const bytesArgument = (value, name) => {
        if (!(value instanceof bytesOf)) {
            throw new TypeError(`Buffer.${name}: expected a Buffer or Uint8Array`);
        }
        return value;
    };

    define(Buffer, {
        from(value, second, third) {
            if (typeof value === "string") {
                return wrap(encoding(second).encode(value));
            }
            if (value instanceof ArrayBuffer) {
                return wrap(new bytesOf(value, second, third));
            }
            if (isView(value) || Array.isArray(value)) {
                return wrap(new bytesOf(value));
            }
            if (typeof value === "object" && value !== null) {
                const inner = value.valueOf();
                if (inner !== value && inner !== null && inner !== undefined) {
                    return Buffer.from(inner, second, third);
                }
                if (value.type === "Buffer" && Array.isArray(value.data)) {
                    return wrap(new bytesOf(value.data));
                }
                if (typeof value.length === "number") {
                    return wrap(new bytesOf(Array.from(value)));
                }
            }
            throw new TypeError("Buffer.from: expected a string, bytes or an array");
        },
        alloc(length, fill, name) {
            const made = wrap(new bytesOf(size(length)));
            return fill === undefined || fill === 0 ? made : made.fill(fill, 0, made.length, name);
        },
        allocUnsafe: (length) => wrap(new bytesOf(size(length))),
        allocUnsafeSlow: (length) => wrap(new bytesOf(size(length))),
        concat(list, total) {
            if (!Array.isArray(list)) {
                throw new TypeError("Buffer.concat: list: expected an array");
            }
            const items = list.map((item) => bytesArgument(item, "concat: list"));
            const length = total === undefined ? items.reduce((sum, item) => sum + item.length, 0) : size(total);
            const made = Buffer.alloc(length);
            let at = 0;
            for (const item of items) {
                if (at >= length) {
                    break;
                }
                made.set(item.length > length - at ? plain(item).subarray(0, length - at) : item, at);
                at += item.length;
            }
            return made;
        },
        isBuffer: (value) => value instanceof Buffer,
        isEncoding: (name) => typeof name === "string" && name.toLowerCase() in ENCODINGS,
        byteLength(value, name) {
            if (typeof value === "string") {
                const found = encoding(name);
                // Of these, an estimate from the length, whatever the text holds.
                if (found === ENCODINGS.hex) {
                    return value.length >>> 1;
                }
                if (found === base64 || found === ENCODINGS.base64url) {
                    return ((value.length - /=?=?$/.exec(value)[0].length) * 3) >>> 2;
                }
                return found.encode(value).length;
            }
            if (isView(value) || value instanceof ArrayBuffer) {
                return value.byteLength;
            }
            throw new TypeError("Buffer.byteLength: expected a string or bytes");
        },
        compare: (a, b) => compareBytes(bytesArgument(a, "compare"), bytesArgument(b, "compare")),
        poolSize: 8192,
    });

    const clamp = (value, otherwise, length) => {
        const at = value === undefined ? otherwise : Math.trunc(Number(value)) || 0;
        return Math.max(0, Math.min(at, length));
    };
    /** What is looked for or filled in: a byte, bytes, or a text in an encoding. */
    const needle = (value, name) =>
        typeof value === "string" ? encoding(name).encode(value) : typeof value === "number" ? [value & 255] : value;
    const find = (buffer, value, from, name, step) => {
        if (typeof from === "string") {
            [from, name] = [undefined, from];
        }
        const wanted = needle(value, name);
        const last = buffer.length - wanted.length;
        let at = from === undefined ? (step > 0 ? 0 : last) : Math.trunc(Number(from)) || 0;
        at = Math.min(at < 0 ? at + buffer.length : at, step > 0 ? Infinity : last);
        for (at = step > 0 ? Math.max(at, 0) : at; at >= 0 && at <= last; at += step) {
            let same = 0;
            while (same < wanted.length && buffer[at + same] === wanted[same]) {
                same++;
            }
            if (same === wanted.length) {
                return at;
            }
        }
        return -1;
    };
    const swap = (width) =>
        function () {
            if (this.length % width !== 0) {
                range(`the length must be a multiple of ${width}`);
            }
            for (let at = 0; at < this.length; at += width) {
                plain(this).subarray(at, at + width).reverse();
            }
            return this;
        };

    define(Buffer.prototype, {
        toString(name, start, end) {
            const [from, to] = [clamp(start, 0, this.length), clamp(end, this.length, this.length)];
            return from >= to ? "" : encoding(name).decode(plain(this).subarray(from, to));
        },
        toJSON() {
            return { type: "Buffer", data: Array.from(plain(this)) };
        },
        equals(other) {
            return compareBytes(this, bytesArgument(other, "equals")) === 0;
        },
        compare(other, otherStart, otherEnd, start, end) {
            bytesArgument(other, "compare");
            const left = plain(this).subarray(start ?? 0, end ?? this.length);
            return compareBytes(left, plain(other).subarray(otherStart ?? 0, otherEnd ?? other.length));
        },
        copy(target, targetStart = 0, start = 0, end = this.length) {
            const room = bytesArgument(target, "copy: target").length - targetStart;
            const part = plain(this).subarray(start, Math.min(end, start + Math.max(room, 0)));
            plain(target).set(part, Math.min(targetStart, target.length));
            return part.length;
        },
        subarray(start, end) {
            return wrap(plain(this).subarray(start, end));
        },
        // Unlike that of typed arrays, it copies nothing.
        slice(start, end) {
            return wrap(plain(this).subarray(start, end));
        },
        write(text, offset, length, name) {
            if (typeof offset === "string") {
                [offset, name] = [undefined, offset];
            } else if (typeof length === "string") {
                [length, name] = [undefined, length];
            }
            const at = clamp(offset, 0, this.length);
            const bytes = encoding(name).encode(`${text}`);
            const part = bytes.subarray(0, Math.min(bytes.length, clamp(length, this.length - at, this.length - at)));
            plain(this).set(part, at);
            return part.length;
        },
        fill(value, start, end, name) {
            if (typeof start === "string") {
                [start, end, name] = [undefined, undefined, start];
            } else if (typeof end === "string") {
                [end, name] = [undefined, end];
            }
            const part = plain(this).subarray(clamp(start, 0, this.length), clamp(end, this.length, this.length));
            const bytes = needle(value, name);
            if (bytes.length <= 1) {
                part.fill(bytes[0] ?? 0);
            } else {
                for (let i = 0; i < part.length; i++) {
                    part[i] = bytes[i % bytes.length];
                }
            }
            return this;
        },
        indexOf(value, from, name) {
            return find(this, value, from, name, 1);
        },
        lastIndexOf(value, from, name) {
            return find(this, value, from, name, -1);
        },
        includes(value, from, name) {
            return find(this, value, from, name, 1) >= 0;
        },
        swap16: swap(2),
        swap32: swap(4),
        swap64: swap(8),
    });

    const position = (buffer, offset, width) => {
        if (typeof offset !== "number") {
            throw new TypeError("Buffer: offset: expected a number");
        }
        return Number.isInteger(offset) && offset >= 0 && offset + width <= buffer.length
            ? buffer.byteOffset + offset
            : range(`offset out of range: from 0 to ${buffer.length - width}`);
    };
    const reader = (kind, width, little) =>
        function (offset = 0) {
            return new DataView(this.buffer)["get" + kind](position(this, offset, width), little);
        };
    const writer = (kind, width, little, low, high) =>
        function (value, offset = 0) {
            const at = position(this, offset, width);
            if (low !== undefined && !(value >= low && value <= high)) {
                range("value out of range");
            }
            new DataView(this.buffer)["set" + kind](at, value, little);
            return offset + width;
        };
    const numbers = {};
    const both = (name, read, write) => {
        for (const alias of [name, name.replace("UInt", "Uint")]) {
            numbers["read" + alias] = read;
            numbers["write" + alias] = write;
        }
    };
    for (const bits of [8, 16, 32]) {
        for (const little of bits === 8 ? [undefined] : [true, false]) {
            const order = little === undefined ? "" : little ? "LE" : "BE";
            const [width, half] = [bits / 8, 2 ** (bits - 1)];
            both(`UInt${bits}${order}`, reader(`Uint${bits}`, width, little), writer(`Uint${bits}`, width, little, 0, 2 * half - 1));
            both(`Int${bits}${order}`, reader(`Int${bits}`, width, little), writer(`Int${bits}`, width, little, -half, half - 1));
        }
    }
    for (const little of [true, false]) {
        const order = little ? "LE" : "BE";
        both(`Float${order}`, reader("Float32", 4, little), writer("Float32", 4, little));
        both(`Double${order}`, reader("Float64", 8, little), writer("Float64", 8, little));
        both(`BigUInt64${order}`, reader("BigUint64", 8, little), writer("BigUint64", 8, little, 0n, 2n ** 64n - 1n));
        both(`BigInt64${order}`, reader("BigInt64", 8, little), writer("BigInt64", 8, little, -(2n ** 63n), 2n ** 63n - 1n));
        // Integers of 1 to 6 bytes.
        const index = (width, i) => (little ? width - 1 - i : i);
        const checked = (width) => (Number.isInteger(width) && width >= 1 && width <= 6 ? width : range("byteLength: from 1 to 6"));
        const read = (signed) =>
            function (offset, width) {
                position(this, offset, checked(width));
                let value = 0;
                for (let i = 0; i < width; i++) {
                    value = value * 256 + this[offset + index(width, i)];
                }
                return signed && value >= 2 ** (8 * width - 1) ? value - 2 ** (8 * width) : value;
            };
        const write = (signed) =>
            function (value, offset, width) {
                position(this, offset, checked(width));
                const whole = 2 ** (8 * width);
                if (!(signed ? value >= -whole / 2 && value < whole / 2 : value >= 0 && value < whole)) {
                    range("value out of range");
                }
                let rest = value < 0 ? value + whole : value;
                for (let i = width - 1; i >= 0; i--) {
                    this[offset + index(width, i)] = rest % 256;
                    rest = Math.floor(rest / 256);
                }
                return offset + width;
            };
        both(`UInt${order}`, read(false), write(false));
        both(`Int${order}`, read(true), write(true));
    }
    define(Buffer.prototype, numbers);
    return { globals: { Buffer } };
})
