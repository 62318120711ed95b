// The `ethers` object. Its members are loaded when they are first read.
part = function (require) {
    "use strict";
    const { defineProperty } = Reflect;
    const late = (object, name, get) => {
        let found;
        const getter = () => {
            if (found === undefined) {
                found = get();
                // Not if the object was frozen meanwhile.
                defineProperty(object, name, { value: found, enumerable: true, configurable: true, writable: true });
            }
            return found;
        };
        defineProperty(object, name, { get: getter, enumerable: true, configurable: true });
    };
    const filled = (object, table) => {
        for (const from of Object.keys(table)) {
            for (const row of table[from]) {
                const [here, there] = typeof row === "string" ? [row, row] : row;
                late(object, here, () => (there === "*" ? require(from) : require(from)[there]));
            }
        }
        return object;
    };
    const ethers = filled({ version: __VERSION__ }, __ETHERS__);
    late(ethers, "utils", () => filled({}, __UTILS__));
    late(ethers, "logger", () => new (require("@ethersproject/logger").Logger)(ethers.version));
    ethers.ethers = ethers;
    return ethers;
}
