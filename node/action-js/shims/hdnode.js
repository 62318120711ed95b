// @ethersproject/hdnode without mnemonics.
import { leftOut, leftOutClass } from "./left-out.js";

export const defaultPath = "m/44'/60'/0'/0/0";
export const HDNode = leftOutClass("HDNode");
HDNode.fromMnemonic = HDNode.fromSeed = HDNode.fromExtendedKey = leftOut("HDNode");
export const entropyToMnemonic = leftOut("entropyToMnemonic");
export const getAccountPath = leftOut("getAccountPath");
export const isValidMnemonic = leftOut("isValidMnemonic");
export const mnemonicToEntropy = leftOut("mnemonicToEntropy");
export const mnemonicToSeed = leftOut("mnemonicToSeed");
