// Compiles every contract of this folder and writes, or with --check compares, artifacts/<Name>.json.
// The output depends on the sources, the pinned compiler and the settings below, and on nothing else.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const folder = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(folder).filter((file) => file.endsWith(".sol")).sort();
const input = {
  language: "Solidity",
  sources: Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(folder, name), "utf8") }])),
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: "cancun",
    metadata: { bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  },
};
const readImport = (path) => {
  const file = join(folder, "node_modules", path);
  return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: `no such file: ${path}` };
};

const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
// Errors stop the build, and so do warnings about our own files; libraries' warnings are theirs.
const complaints = (output.errors ?? []).filter(
  ({ severity, sourceLocation }) => severity === "error" || !sourceLocation?.file.startsWith("@"),
);
complaints.forEach((complaint) => console.error(complaint.formattedMessage));
if (complaints.length > 0) process.exit(2);

const check = process.argv.includes("--check");
const artifacts = join(folder, "artifacts");
mkdirSync(artifacts, { recursive: true });
const stale = new Set(readdirSync(artifacts));
let differences = 0;
for (const source of names) {
  const name = source.replace(/\.sol$/, "");
  const { abi, evm } = output.contracts[source][name];
  const text = JSON.stringify({ abi, bytecode: `0x${evm.bytecode.object}` }, null, 1) + "\n";
  const file = join(artifacts, `${name}.json`);
  stale.delete(`${name}.json`);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  if (!check) {
    writeFileSync(file, text);
    console.log(`wrote artifacts/${name}.json (${evm.bytecode.object.length / 2} bytes of code)`);
    continue;
  }
  differences += 1;
  console.error(`artifacts/${name}.json is not what ${source} compiles to`);
}
for (const file of stale) {
  differences += 1;
  console.error(`artifacts/${file} belongs to no contract`);
}
process.exit(differences > 0 ? 1 : 0);
