// @ethersproject/wordlists without lists.
import { leftOutClass } from "./left-out.js";

export const Wordlist = leftOutClass("Wordlist");
export const wordlists = {};
