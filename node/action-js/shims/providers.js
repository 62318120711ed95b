// @ethersproject/providers: what talks JSON-RPC over fetch. Commercial services and sockets are left out.
import { Provider } from "@ethersproject/abstract-provider";
import { getNetwork } from "@ethersproject/networks";
import { BaseProvider, Resolver } from "original/base-provider";
import { FallbackProvider } from "original/fallback-provider";
import { Formatter, isCommunityResourcable, isCommunityResource, showThrottleMessage } from "original/formatter";
import { JsonRpcBatchProvider } from "original/json-rpc-batch-provider";
import { JsonRpcProvider, JsonRpcSigner } from "original/json-rpc-provider";
import { StaticJsonRpcProvider, UrlJsonRpcProvider } from "original/url-json-rpc-provider";
import { Web3Provider } from "original/web3-provider";
import { leftOutClass } from "./left-out.js";

export const AlchemyProvider = leftOutClass("AlchemyProvider");
export const AlchemyWebSocketProvider = leftOutClass("AlchemyWebSocketProvider");
export const AnkrProvider = leftOutClass("AnkrProvider");
export const CloudflareProvider = leftOutClass("CloudflareProvider");
export const EtherscanProvider = leftOutClass("EtherscanProvider");
export const InfuraProvider = leftOutClass("InfuraProvider");
export const InfuraWebSocketProvider = leftOutClass("InfuraWebSocketProvider");
export const IpcProvider = leftOutClass("IpcProvider");
export const NodesmithProvider = leftOutClass("NodesmithProvider");
export const PocketProvider = leftOutClass("PocketProvider");
export const QuickNodeProvider = leftOutClass("QuickNodeProvider");
export const WebSocketProvider = leftOutClass("WebSocketProvider");

export function getDefaultProvider(network) {
    if (typeof network === "string" && /^https?:/i.test(network)) {
        return new JsonRpcProvider(network);
    }
    throw new Error("ethers: getDefaultProvider: expected the URL of a JSON-RPC endpoint");
}

export {
    BaseProvider,
    FallbackProvider,
    Formatter,
    getNetwork,
    isCommunityResourcable,
    isCommunityResource,
    JsonRpcBatchProvider,
    JsonRpcProvider,
    JsonRpcSigner,
    Provider,
    Resolver,
    showThrottleMessage,
    StaticJsonRpcProvider,
    UrlJsonRpcProvider,
    Web3Provider,
};
