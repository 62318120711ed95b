// What @ethersproject/bignumber uses of bn.js, on the engine's BigInt.

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

const parse = (text, base) => {
    const negative = text[0] === "-";
    const digits = negative ? text.slice(1) : text;
    let value = 0n;
    if (digits === "") {
        value = 0n;
    } else if (base === 16) {
        value = BigInt("0x" + digits);
    } else if (base === 10) {
        value = BigInt(digits);
    } else {
        for (const digit of digits.toLowerCase()) {
            value = value * BigInt(base) + BigInt(DIGITS.indexOf(digit));
        }
    }
    return negative ? -value : value;
};

export class BN {
    constructor(value, base = 10) {
        this.value = typeof value === "bigint" ? value : parse(String(value), base === "hex" ? 16 : base);
    }
    fromTwos(width) {
        return new BN(BigInt.asIntN(width, this.value));
    }
    toTwos(width) {
        return new BN(this.value < 0n ? BigInt.asUintN(width, this.value) : this.value);
    }
    add(other) {
        return new BN(this.value + other.value);
    }
    sub(other) {
        return new BN(this.value - other.value);
    }
    mul(other) {
        return new BN(this.value * other.value);
    }
    div(other) {
        return new BN(this.value / other.value);
    }
    umod(other) {
        const rest = this.value % other.value;
        return new BN(rest >= 0n ? rest : rest + (other.value < 0n ? -other.value : other.value));
    }
    pow(other) {
        return new BN(this.value ** other.value);
    }
    and(other) {
        return new BN(this.value & other.value);
    }
    or(other) {
        return new BN(this.value | other.value);
    }
    xor(other) {
        return new BN(this.value ^ other.value);
    }
    maskn(bits) {
        return new BN(BigInt.asUintN(bits, this.value));
    }
    shln(bits) {
        return new BN(this.value << BigInt(bits));
    }
    // Shifts the magnitude, as bn.js does.
    shrn(bits) {
        const shifted = (this.value < 0n ? -this.value : this.value) >> BigInt(bits);
        return new BN(this.value < 0n ? -shifted : shifted);
    }
    eq(other) {
        return this.value === other.value;
    }
    lt(other) {
        return this.value < other.value;
    }
    lte(other) {
        return this.value <= other.value;
    }
    gt(other) {
        return this.value > other.value;
    }
    gte(other) {
        return this.value >= other.value;
    }
    isZero() {
        return this.value === 0n;
    }
    isNeg() {
        return this.value < 0n;
    }
    toNumber() {
        if (this.value > 9007199254740991n || this.value < -9007199254740991n) {
            throw new Error("Number can only safely store up to 53 bits");
        }
        return Number(this.value);
    }
    toString(base = 10) {
        const text = (this.value < 0n ? -this.value : this.value).toString(base === "hex" ? 16 : base);
        // bn.js writes whole bytes in hex.
        const padded = base === "hex" && text.length % 2 ? "0" + text : text;
        return this.value < 0n ? "-" + padded : padded;
    }
}

export default { BN };
