// Runs the bundle under node.js against the untrimmed package: the same calls must give the same values and errors.
import { createHash, randomBytes as random } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ethers as whole } from "ethers";

const HERE = dirname(fileURLToPath(import.meta.url));
const evaluate = (name) => (0, eval)(readFileSync(join(HERE, "ethers", name), "utf8"));

/** What the simulator's host offers, on the untrimmed package. */
const { SigningKey, keccak256, computePublicKey, recoverPublicKey, joinSignature, ripemd160 } = whole.utils;
const hash = (name) => (bytes) => "0x" + createHash(name).update(bytes).digest("hex");
const host = {
    fromHex: (hex) => new Uint8Array(Buffer.from(hex, "hex")),
    toHex: (bytes) => "0x" + Buffer.from(bytes).toString("hex"),
    keccak256: (bytes) => keccak256(bytes),
    sha256: hash("sha256"),
    sha512: hash("sha512"),
    ripemd160: (bytes) => ripemd160(bytes),
    randomBytes: (length) => new Uint8Array(random(length)),
    publicKey: (key, compressed) => computePublicKey(key, compressed),
    addPoints: (left, right) => {
        const curve = new SigningKey("0x" + "11".repeat(32));
        return SigningKey.prototype._addPoint.call({ publicKey: left, curve }, right);
    },
    sign: (digest, key) => joinSignature(new SigningKey(key).signDigest(digest)),
    sharedSecret: (key, other) => new SigningKey(key).computeSharedSecret(other),
    recover: (digest, r, s, recoveryParam) => recoverPublicKey(digest, { r: host.toHex(r), s: host.toHex(s), recoveryParam }),
};

// The bundle asks by `fetch`. Node.js refuses its `referrer: "client"`, which only means something on a page.
const original = globalThis.fetch;
globalThis.fetch = (url, { referrer: _, ...init }) => original(url, init);

/** The loader of node/src/action/parts.rs. */
const cache = Object.create(null);
const require = (name) => {
    if (!(name in cache)) {
        const module = { exports: {} };
        const file = name.replace("@ethersproject/", "").replace("/", "-") + ".js";
        evaluate(file)(require, module, module.exports, host);
        cache[name] = { ...module.exports };
    }
    return cache[name];
};
const trimmed = evaluate("main.js")(require);

const KEY = "0x" + "46".repeat(32);
const ABI = [
    "function transfer(address to, uint256 amount) returns (bool)",
    "function swap((address a, uint24[] fees, bytes data)[] path, int128 x, string note) payable returns (uint256 out, bytes32[2])",
    "event Transfer(address indexed from, address indexed to, uint256 value)",
    "error Poor(uint256 have, uint256 want)",
    "constructor(string name)",
];
const DOMAIN = { name: "Ether Mail", version: "1", chainId: 1, verifyingContract: "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC" };
const TYPES = {
    Person: [{ name: "name", type: "string" }, { name: "wallet", type: "address" }],
    Mail: [{ name: "from", type: "Person" }, { name: "to", type: "Person[]" }, { name: "contents", type: "string" }, { name: "n", type: "int64" }],
};
const PERSON = { name: "Cow", wallet: "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" };
const MAIL = { from: PERSON, to: [PERSON, PERSON], contents: "Hello, Bob! \u00e9\u{1f600}", n: -5 };
const TX = {
    type: 2, chainId: 31337, nonce: 7, maxFeePerGas: 20000000000, maxPriorityFeePerGas: 1000000000, gasLimit: 21000,
    to: PERSON.wallet, value: "1000000000000000000", data: "0xdeadbeef",
    accessList: [{ address: DOMAIN.verifyingContract, storageKeys: ["0x" + "00".repeat(31) + "01"] }],
};
const { to: _to, ...CREATE } = TX;

/** A JSON-RPC endpoint with fixed answers. */
const ANSWERS = {
    eth_chainId: "0x7a69", net_version: "31337", eth_blockNumber: "0x10", eth_getBalance: "0xde0b6b3a7640000", eth_gasPrice: "0x5",
    eth_call: "0x" + "00".repeat(31) + "2a", eth_getTransactionCount: "0x3", eth_getCode: "0x",
};
const serve = async (asked) => {
    const server = createServer(async (request, response) => {
        const { method, params, id } = JSON.parse(Buffer.concat(await request.toArray()).toString());
        asked(method, params);
        response.end(JSON.stringify({ jsonrpc: "2.0", id, result: ANSWERS[method] }));
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    return server;
};

/** name -> (ethers) => value; promises are awaited. */
const CASES = {
    names: (e) => [Object.keys(e).filter((k) => !["default", "ethers"].includes(k)).sort(), Object.keys(e.utils).sort()],
    hashes: (e) => ["keccak256", "sha256", "sha512", "ripemd160"].map((f) => ["0x", "0x00", "0x" + "ab".repeat(300)].map((d) => e.utils[f](d))),
    hmac: (e) => ["sha256", "sha512"].map((a) => ["0x", "0x" + "11".repeat(200)].map((k) => e.utils.computeHmac(a, k, "0x1234"))),
    id: (e) => [e.utils.id("Transfer(address,address,uint256)"), e.utils.hashMessage("h\u00e9"), e.utils.hashMessage([1, 2])],
    namehash: (e) => [e.utils.namehash("vitalik.eth"), e.utils.namehash("F\u00d6\u00d6.eth"), e.utils.isValidName("a..b"), e.utils.dnsEncode("a.eth")],
    nameprep: (e) => e.utils.nameprep("\u00c4B"),
    bytes: (e) => [
        e.utils.hexlify([1, 2, 255]), e.utils.hexlify(0), e.utils.hexlify(1024), e.utils.hexlify("0xABcd"), e.utils.hexlify(5n),
        [...e.utils.arrayify("0x1234")], [...e.utils.arrayify(258)], e.utils.hexConcat(["0x12", [3]]), e.utils.hexDataSlice("0x11223344", 1, 3),
        e.utils.hexZeroPad("0x1", 4), e.utils.hexZeroPad("0xabcd", 2), e.utils.hexValue("0x00012"), e.utils.hexStripZeros("0x0001"),
        [...e.utils.stripZeros([0, 0, 1])], [...e.utils.zeroPad("0x01", 3)], [...e.utils.concat(["0x01", [2]])],
        e.utils.hexlify({ toHexString: () => "0x77" }), e.utils.hexlify("0x123", { hexPad: "left" }), e.utils.isHexString("0xzz"),
    ],
    bytes_wrong: (e) => e.utils.arrayify("0x123"),
    bytes_wrong_too: (e) => e.utils.hexlify("zz"),
    pad_wrong: (e) => e.utils.hexZeroPad("0x123456", 2),
    base: (e) => [e.utils.base64.encode("0x010203"), [...e.utils.base64.decode("AQID")], e.utils.base58.encode("0x0001ff"), [...e.utils.base58.decode("1zz")]],
    utf8: (e) => [
        [...e.utils.toUtf8Bytes("h\u00e9\u{1f600}")], e.utils.toUtf8String("0x68c3a9"), e.utils.formatBytes32String("abc"),
        e.utils.parseBytes32String(e.utils.formatBytes32String("abc")), e.utils._toEscapedUtf8String("0x0a41"), e.utils.toUtf8CodePoints("\u{1f600}"),
    ],
    utf8_wrong: (e) => e.utils.toUtf8String("0xff"),
    address: (e) => [
        e.utils.getAddress("0x8ba1f109551bd432803012645ac136ddd64dba72"), e.utils.isAddress("0x1"), e.utils.getIcapAddress(PERSON.wallet),
        e.utils.getAddress("XE65GB6LDNXYOFTX0NSV3FUWKOWIXAMJK36"), e.utils.getContractAddress({ from: PERSON.wallet, nonce: 3 }),
        e.utils.getCreate2Address(PERSON.wallet, "0x" + "00".repeat(32), "0x" + "11".repeat(32)),
    ],
    address_wrong: (e) => e.utils.getAddress("0x8Ba1f109551bD432803012645Ac136ddd64DBa72"),
    numbers: (e) => {
        const b = e.BigNumber.from("-123456789012345678901234567890");
        const c = e.BigNumber.from("0xffffffffffffffffffff");
        return [
            b.add(c), b.sub(c), b.mul(c), b.div(7), b.mod(7), c.pow(3), c.and(255), c.or(1), c.xor(3), c.mask(9), c.shl(5), c.shr(5),
            b.toTwos(256), c.fromTwos(80), b.abs(), b.lt(c), b.lte(c), b.gt(c), b.gte(c), b.eq(b), b.isNegative(), b.isZero(),
            e.BigNumber.from(12).toNumber(), e.BigNumber.from(5n).toBigInt(), e.BigNumber.from([1, 0]), e.BigNumber.from(-3).toHexString(),
        ].map(String);
    },
    numbers_over: (e) => e.BigNumber.from("0xffffffffffffffffffff").toNumber(),
    numbers_zero: (e) => e.BigNumber.from(1).div(0),
    numbers_wrong: (e) => e.BigNumber.from("x"),
    numbers_power: (e) => e.BigNumber.from(2).pow(-1),
    fixed: (e) => {
        const f = e.FixedNumber.from("12.345");
        return [f.addUnsafe(f), f.mulUnsafe(f), f.divUnsafe(e.FixedNumber.from("3")), f.floor(), f.ceiling(), f.round(1), f.isNegative()].map(String);
    },
    units: (e) => [
        e.utils.parseEther("1.5"), e.utils.formatEther("1234567890000000000"), e.utils.parseUnits("12.34", 6), e.utils.formatUnits(12345, 2),
        e.utils.parseUnits("3", "gwei"), e.utils.commify("-1234567.89"), e.utils.formatUnits("-1", 18),
    ].map(String),
    units_wrong: (e) => e.utils.parseUnits("1.234", 2),
    constants: (e) => [e.constants.AddressZero, e.constants.HashZero, String(e.constants.MaxUint256), e.constants.EtherSymbol, String(e.constants.MinInt256)],
    rlp: (e) => {
        const items = ["0x", "0x00", "0x7f", "0x80", [], ["0x" + "ab".repeat(60), ["0x01", []]], "0x" + "cd".repeat(300), Array(60).fill("0x1234")];
        const encoded = items.map((item) => e.utils.RLP.encode(item));
        return [encoded, encoded.map((text) => e.utils.RLP.decode(text)), e.utils.RLP.encode(items)];
    },
    ...Object.fromEntries(
        ["0x", "0x83", "0xb8", "0xb801", "0xf8", "0xf801", "0xc2", "0xc283", "0x0001", "0xbfffffffffffffffff", "0x8100", "0xc18101"].map((text) => [
            "rlp_wrong_" + text, (e) => e.utils.RLP.decode(text),
        ]),
    ),
    rlp_wrong_item: (e) => e.utils.RLP.encode(["zz"]),
    abi: (e) => {
        const i = new e.utils.Interface(ABI);
        const path = [{ a: PERSON.wallet, fees: [1, 2], data: "0x1234" }];
        const data = i.encodeFunctionData("swap", [path, -3, "note \u00e9"]);
        const event = i.encodeEventLog("Transfer", [PERSON.wallet, DOMAIN.verifyingContract, 5]);
        return [
            i.encodeFunctionData("transfer", [PERSON.wallet, 10]), data, i.decodeFunctionData("swap", data), i.getSighash("transfer"),
            i.encodeFunctionResult("swap", [9, ["0x" + "00".repeat(32), "0x" + "01".repeat(32)]]), event, i.parseLog(event).args.value.toString(),
            i.parseTransaction({ data, value: 3 }).name, i.format("full"), i.format("json"), i.encodeDeploy(["x"]), i.getEventTopic("Transfer"),
            i.encodeErrorResult("Poor", [1, 2]), i.parseError(i.encodeErrorResult("Poor", [1, 2])).args.map(String),
        ];
    },
    abi_result: (e) => new e.utils.Interface(ABI).decodeFunctionResult("transfer", "0x" + "00".repeat(31) + "01")[0],
    abi_revert: (e) => new e.utils.Interface(ABI).decodeFunctionResult("transfer", "0x08c379a0" + e.utils.defaultAbiCoder.encode(["string"], ["no"]).slice(2)),
    abi_wrong: (e) => new e.utils.Interface(ABI).encodeFunctionData("transfer", [PERSON.wallet, -1]),
    coder: (e) => {
        const types = ["uint256[]", "tuple(string s, bool[2] b)", "bytes", "int8", "bytes3", "address"];
        const data = e.utils.defaultAbiCoder.encode(types, [[1, 2], ["a", [true, false]], "0x1234", -1, "0xaabbcc", PERSON.wallet]);
        return [data, e.utils.defaultAbiCoder.decode(types, data)];
    },
    solidity: (e) => {
        const args = [["address", "uint16[2]", "string", "bytes4", "int8", "bool"], [PERSON.wallet, [1, 2], "s", "0x01020304", -2, true]];
        return [e.utils.solidityPack(...args), e.utils.solidityKeccak256(...args), e.utils.soliditySha256(...args)];
    },
    keys: (e) => {
        const k = new e.utils.SigningKey(KEY);
        const digest = e.utils.id("x");
        const s = k.signDigest(digest);
        const other = new e.utils.SigningKey("0x" + "22".repeat(32)).publicKey;
        return [
            k.publicKey, k.compressedPublicKey, s, e.utils.recoverPublicKey(digest, s), e.utils.recoverAddress(digest, s), k.computeSharedSecret(other),
            k._addPoint(other), e.utils.computePublicKey(k.compressedPublicKey), e.utils.computePublicKey(k.publicKey, true), e.utils.computeAddress(KEY),
            e.utils.joinSignature(s), e.utils.splitSignature(e.utils.joinSignature(s)), e.utils.splitSignature(s.compact),
        ];
    },
    keys_wrong: (e) => new e.utils.SigningKey("0x1234"),
    typed: async (e) => {
        const w = new e.Wallet(KEY);
        const sig = await w._signTypedData(DOMAIN, TYPES, MAIL);
        const coder = e.utils._TypedDataEncoder;
        return [
            sig, e.utils.verifyTypedData(DOMAIN, TYPES, MAIL, sig), coder.hash(DOMAIN, TYPES, MAIL), coder.hashDomain(DOMAIN),
            coder.getPayload(DOMAIN, TYPES, MAIL), coder.from(TYPES).encodeType("Mail"), coder.encode(DOMAIN, TYPES, MAIL),
        ];
    },
    message: async (e) => {
        const w = new e.Wallet(KEY);
        const sig = await w.signMessage("hello");
        return [sig, e.utils.verifyMessage("hello", sig), w.address, w.publicKey];
    },
    transactions: async (e) => {
        const w = new e.Wallet(KEY);
        const all = [TX, CREATE, { ...TX, type: 1, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined, gasPrice: 5 },
            { to: PERSON.wallet, nonce: 1, gasPrice: 9, gasLimit: 21000, value: 1, chainId: 1 }, { to: PERSON.wallet, nonce: 0, gasPrice: 1, gasLimit: 21000 }];
        const signed = await Promise.all(all.map((tx) => w.signTransaction(tx)));
        return [all.map((tx) => e.utils.serializeTransaction(tx)), signed, signed.map((raw) => e.utils.parseTransaction(raw))];
    },
    transaction_wrong: (e) => e.utils.serializeTransaction({ ...TX, gasPrice: 1 }),
    transaction_torn: (e) => e.utils.parseTransaction("0x02f8"),
    accessListify: (e) => e.utils.accessListify({ [PERSON.wallet]: ["0x" + "00".repeat(32)] }),
    provider: async (e) => {
        const asked = [];
        const server = await serve((method, params) => asked.push([method, params]));
        const url = `http://127.0.0.1:${server.address().port}/`;
        const p = new e.providers.StaticJsonRpcProvider(url);
        const c = new e.Contract(PERSON.wallet, ["function f(uint256 x) view returns (uint256)"], p);
        const w = new e.Wallet(KEY, p);
        const values = [
            await p.getNetwork(), String(await p.getBalance(PERSON.wallet)), await p.getBlockNumber(), String(await p.getGasPrice()),
            String(await c.f(1)), await p.getTransactionCount(PERSON.wallet), await w.getAddress(), await w.signTransaction({ ...TX, chainId: 31337 }),
            (await new e.providers.JsonRpcProvider(url, 31337).getCode(PERSON.wallet)), asked.filter(([method]) => method !== "eth_chainId"),
        ];
        server.close();
        return values;
    },
};

/** A value as text; objects of both packages look alike. */
const text = (value) =>
    JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v instanceof Uint8Array ? [...v] : typeof v === "function" ? "function" : v), 1);
const outcome = async (run, ethers) => {
    try {
        return text(await run(ethers));
    } catch (error) {
        return `${error.code}: ${error.message}`;
    }
};

let failed = 0;
for (const [name, run] of Object.entries(CASES)) {
    const [mine, theirs] = [await outcome(run, trimmed), await outcome(run, whole)];
    if (mine !== theirs) {
        failed += 1;
        console.error(`${name} differs:\n  bundle:  ${mine.slice(0, 600)}\n  package: ${theirs.slice(0, 600)}`);
    }
}
if (trimmed.Wallet.createRandom().privateKey === trimmed.Wallet.createRandom().privateKey) {
    failed += 1;
    console.error("createRandom: twice the same key");
}
console.log(`${Object.keys(CASES).length} cases, ${failed} differ`);
process.exit(failed === 0 ? 0 : 1);
