// @ethersproject/json-wallets: encrypted key files take seconds of scrypt; left out.
import { leftOut } from "./left-out.js";

export const decryptCrowdsale = leftOut("decryptCrowdsale");
export const decryptJsonWallet = leftOut("decryptJsonWallet");
export const decryptJsonWalletSync = leftOut("decryptJsonWalletSync");
export const decryptKeystore = leftOut("decryptKeystore");
export const decryptKeystoreSync = leftOut("decryptKeystoreSync");
export const encryptKeystore = leftOut("encryptKeystore");
export const getJsonWalletAddress = leftOut("getJsonWalletAddress");
export const isCrowdsaleWallet = leftOut("isCrowdsaleWallet");
export const isKeystoreWallet = leftOut("isKeystoreWallet");
