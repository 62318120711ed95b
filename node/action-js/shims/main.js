// The `ethers` object. Its members are loaded when they are first read.
part = function (require) {
    "use strict";
    const { defineProperty } = Object;
    // The member stays an accessor: the engine remembers where it found one and would call what takes its place.
    const late = (object, name, get) => {
        let found;
        defineProperty(object, name, { get: () => (found ??= get()), enumerable: true, configurable: true });
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
