// @ethersproject/keccak256 on the host's function.
import { arrayify } from "@ethersproject/bytes";

export function keccak256(data) {
    return host.keccak256(arrayify(data));
}
