// Makes ethers/: one file per package of ethers, each an expression whose value is
// `function (require, module, exports, host)`, and main.js, `function (require)`, which makes the `ethers` object.
//
// An action loads a file when it first touches something in it: between packages, imports are calls that load late.
// What is slow in an interpreter is replaced by the modules of shims/, which call functions of the host, and by PATCHES.
import * as acorn from "acorn";
import * as walk from "acorn-walk";
import { build, transform } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const NPM = join(HERE, "node_modules");
const OUT = join(HERE, "ethers");

/** Packages whose code is replaced as a whole. */
const REPLACED = ["hdnode", "json-wallets", "keccak256", "providers", "random", "rlp", "sha2", "signing-key", "wallet", "wordlists"];
/** Packages that are taken as they are, but for PATCHES. */
const TAKEN = [
    "abi", "abstract-provider", "abstract-signer", "address", "base64", "basex", "bignumber", "bytes", "constants",
    "contracts", "hash", "logger", "networks", "properties", "solidity", "strings", "transactions", "units", "web",
];
/** Modules with big tables, loaded apart from their package. */
const APART = { "strings/idna": "strings/src.ts/idna.ts", "hash/ens-normalize": "hash/src.ts/ens-normalize/lib.ts" };

/** Text of a file of a package -> what stands there instead. Each text must occur exactly once. */
const PATCHES = {
    "bytes/src.ts/index.ts": [
        [
            `const result = [];
        for (let i = 0; i < hex.length; i += 2) {
            result.push(parseInt(hex.substring(i, i + 2), 16));
        }

        return addSlice(new Uint8Array(result));`,
            "return host.fromHex(hex);",
        ],
        [
            `let result = "0x";
        for (let i = 0; i < value.length; i++) {
             let v = value[i];
             result += HexCharacters[(v & 0xf0) >> 4] + HexCharacters[v & 0x0f];
        }
        return result;`,
            "return host.toHex(value instanceof Uint8Array ? value : new Uint8Array(value));",
        ],
        [
            `while (value.length < 2 * length + 2) {
        value = "0x0" + value.substring(2);
    }

    return value;`,
            `return "0x" + value.substring(2).padStart(2 * length, "0");`,
        ],
    ],
};

const read = (file) => readFileSync(file, "utf8");

const patched = (path) => {
    let text = read(path);
    for (const [from, to] of PATCHES[path.slice(NPM.length + "/@ethersproject/".length)] ?? []) {
        if (text.split(from).length !== 2) {
            throw new Error(`${path}: not exactly once: ${from}`);
        }
        text = text.replace(from, () => to);
    }
    return text;
};

/** Resolves what a package imports: other packages stay calls of `require`. */
const resolver = (name) => ({
    name: "resolver",
    setup(build) {
        build.onResolve({ filter: /^@ethersproject\// }, ({ path }) => ({ path, external: true }));
        build.onResolve({ filter: /^bn\.js$/ }, () => ({ path: join(HERE, "shims/bn.js") }));
        build.onResolve({ filter: /^original/ }, ({ path }) => {
            const file = path === "original" ? "index" : path.slice("original/".length);
            return { path: join(NPM, "@ethersproject", name, "src.ts", file + ".ts") };
        });
        build.onResolve({ filter: /^\.\/geturl$/ }, ({ resolveDir }) => ({ path: join(resolveDir, "browser-geturl.ts") }));
        build.onResolve({ filter: /^\.\/base64$/ }, ({ resolveDir }) => ({ path: join(resolveDir, "browser-base64.ts") }));
        for (const [apart, file] of Object.entries(APART)) {
            const path = join(NPM, "@ethersproject", file);
            build.onResolve({ filter: /^\.\/(idna|ens-normalize\/lib)$/ }, (found) => {
                const wanted = join(found.resolveDir, found.path + ".ts") === path;
                return wanted ? { path: apart, external: true } : undefined;
            });
        }
        build.onLoad({ filter: /@ethersproject\/.*\.ts$/ }, ({ path }) => ({ contents: patched(path), loader: "ts" }));
    },
});

/** One file of ethers/, from an entry module. */
const part = async (name, entry) => {
    const result = await build({
        entryPoints: [entry],
        bundle: true,
        write: false,
        format: "cjs",
        platform: "browser",
        target: "es2022",
        legalComments: "none",
        tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
        plugins: [resolver(name)],
        logLevel: "error",
    });
    const code = result.outputFiles[0].text
        .replace(/^\s*"use strict";/gm, "")
        // Imports load late: their names become functions.
        .replace(/^var (import_\w+) = require\((".*?")\);$/gm, "var $1 = late($2);")
        .replace(/\bnew (import_\w+)((?:\.\w+)+)\(/g, "new ($1()$2)(")
        .replace(/\b(import_\w+)\./g, "$1().");
    if (/= require\(/.test(code)) {
        throw new Error(`${name}: an import that would load early`);
    }
    const late = "const late = (name) => { let loaded; return () => (loaded ??= require(name)); };";
    return minified(`part = function (require, module, exports, host) { "use strict"; ${late} ${code} }`);
};

const minified = async (code) => {
    const { code: text } = await transform(code, { minify: true, target: "es2022", legalComments: "none" });
    return anchored("(" + text.trim().replace(/^part=/, "").replace(/;$/, "") + ")\n");
};

/**
 * The engine (Boa 0.22) loses `this` in an arrow function inside another one that does not mention it. So each that has
 * one inside that does, is made to mention it.
 */
const anchored = (text) => {
    const around = new Set();
    const direct = new Set();
    walk.ancestor(acorn.parse(text, { ecmaVersion: 2022 }), {
        ThisExpression(_, ancestors) {
            const functions = ancestors.filter((node) => /Function|PropertyDefinition|StaticBlock/.test(node.type)).reverse();
            const end = functions.findIndex((node) => node.type !== "ArrowFunctionExpression");
            const arrows = functions.slice(0, end < 0 ? undefined : end);
            arrows.slice(0, 1).forEach((arrow) => direct.add(arrow));
            arrows.slice(1).forEach((arrow) => around.add(arrow));
        },
        Super(_, ancestors) {
            if (ancestors.filter((node) => node.type === "ArrowFunctionExpression").length > 1) {
                throw new Error("super inside two arrow functions");
            }
        },
    });
    const edits = [...around].filter((arrow) => !direct.has(arrow)).flatMap(({ body }) =>
        body.type === "BlockStatement" ? [[body.start + 1, "this;"]] : [[body.start, "(this,"], [body.end, ")"]],
    );
    edits.sort(([a], [b]) => b - a);
    return edits.reduce((made, [at, insert]) => made.slice(0, at) + insert + made.slice(at), text);
};

/** The names that a module of ethers imports, as [package, [name here, name there]]. */
const imports = (text) =>
    [...text.matchAll(/import (?:\{([^}]*)\}|\* as (\w+)) from "(@ethersproject\/[\w-]+)";/g)].flatMap((found) => {
        const [, list, all, from] = found;
        const names = all ? [[all, "*"]] : list.split(",").map((item) => item.trim().split(" as ").toReversed());
        return names.map(([here, there]) => [from, here, there ?? here]);
    });

/** main.js: an object whose members are loaded when they are read. */
const main = async () => {
    const root = join(NPM, "ethers/lib.esm");
    const exported = (text) => text.match(/export \{([^}]*)\}/)[1].split(/[\s,]+/).filter((name) => /^\w+$/.test(name));
    const table = (file) => {
        const text = read(join(root, file)).replace(/\/\/.*$/gm, "");
        const names = new Set(exported(text));
        const rows = {};
        for (const [from, here, there] of imports(text).filter(([, here]) => names.has(here))) {
            (rows[from] ??= []).push(here === there ? here : [here, there]);
        }
        return rows;
    };
    const { version } = JSON.parse(read(join(NPM, "ethers/package.json")));
    const code = read(join(HERE, "shims/main.js"))
        .replace(/^\/\/.*\n/gm, "")
        .replace("__ETHERS__", JSON.stringify(table("ethers.js")))
        .replace("__UTILS__", JSON.stringify(table("utils.js")))
        .replace("__VERSION__", JSON.stringify("ethers/" + version));
    return minified(code);
};

const files = new Map([["main.js", await main()]]);
for (const name of TAKEN) {
    files.set(`${name}.js`, await part(name, join(NPM, "@ethersproject", name, "src.ts/index.ts")));
}
for (const name of REPLACED) {
    files.set(`${name}.js`, await part(name, join(HERE, "shims", `${name}.js`)));
}
for (const [name, file] of Object.entries(APART)) {
    files.set(`${name.replace("/", "-")}.js`, await part(name.split("/")[0], join(NPM, "@ethersproject", file)));
}
files.set("LICENSE.md", read(join(NPM, "ethers/LICENSE.md")));

if (process.argv.includes("--check")) {
    const stale = [...files].filter(([name, text]) => {
        try {
            return read(join(OUT, name)) !== text;
        } catch {
            return true;
        }
    });
    const extra = readdirSync(OUT).filter((name) => !files.has(name));
    for (const name of [...stale.map(([name]) => name), ...extra]) {
        console.error(`ethers/${name} differs from what the packages give`);
    }
    if (stale.length + extra.length > 0) {
        process.exit(1);
    }
} else {
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(OUT);
    for (const [name, text] of files) {
        writeFileSync(join(OUT, name), text);
    }
}
const bytes = [...files.values()].reduce((sum, text) => sum + text.length, 0);
console.log(`${files.size} files, ${bytes} bytes`);
