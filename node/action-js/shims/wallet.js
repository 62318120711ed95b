// @ethersproject/wallet; a random wallet has a key and no mnemonic.
import { arrayify, concat } from "@ethersproject/bytes";
import { keccak256 } from "@ethersproject/keccak256";
import { randomBytes } from "@ethersproject/random";
import { Wallet, verifyMessage, verifyTypedData } from "original";

Wallet.createRandom = function (options) {
    const extra = options && options.extraEntropy ? [arrayify(options.extraEntropy)] : [];
    return new Wallet(keccak256(concat([randomBytes(32), ...extra])));
};

export { Wallet, verifyMessage, verifyTypedData };
