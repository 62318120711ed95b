// Compiles every contract of this folder and writes, or with --check compares, artifacts/<Name>.json; and for each known
// mistake of wrong/mistakes.json the contract that has it, artifacts/wrong/<bug>.json.
// The output depends on the sources, the pinned compiler and the settings below, and on nothing else.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const folder = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(folder).filter((file) => file.endsWith(".sol")).sort();
const sources = Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(folder, name), "utf8") }]));
const readImport = (path) => {
  const file = join(folder, "node_modules", path);
  return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: `no such file: ${path}` };
};

const compile = (sources) => {
  const input = {
    language: "Solidity",
    sources,
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: "cancun",
      metadata: { bytecodeHash: "none" },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  // Errors stop the build, and so do warnings about our own files; libraries' warnings are theirs.
  const complaints = (output.errors ?? []).filter(
    ({ severity, sourceLocation }) => severity === "error" || !sourceLocation?.file.startsWith("@"),
  );
  complaints.forEach((complaint) => console.error(complaint.formattedMessage));
  if (complaints.length > 0) process.exit(2);
  return output.contracts;
};

// A mistake stands beside the right code: exactly one place of the source must have it.
const mistaken = ({ bug, contract, right, wrong }) => {
  const source = `${contract}.sol`;
  const parts = sources[source].content.split(right);
  if (parts.length !== 2) {
    console.error(`${source} has the place of ${bug} ${parts.length - 1} times, not once`);
    process.exit(2);
  }
  const spoilt = { ...sources, [source]: { content: parts.join(wrong) } };
  return compile(spoilt)[source][contract].evm.bytecode.object;
};

const compiled = compile(sources);
const files = names.map((source) => {
  const name = source.replace(/\.sol$/, "");
  const { abi, evm } = compiled[source][name];
  return [`${name}.json`, { abi, bytecode: `0x${evm.bytecode.object}` }];
});
const mistakes = JSON.parse(readFileSync(join(folder, "wrong", "mistakes.json"), "utf8"));
files.push(...mistakes.map((mistake) => [`wrong/${mistake.bug}.json`, { bytecode: `0x${mistaken(mistake)}` }]));

const check = process.argv.includes("--check");
const artifacts = join(folder, "artifacts");
mkdirSync(join(artifacts, "wrong"), { recursive: true });
const stale = new Set([
  ...readdirSync(artifacts).filter((file) => file !== "wrong"),
  ...readdirSync(join(artifacts, "wrong")).map((file) => `wrong/${file}`),
]);
let differences = 0;
for (const [name, artifact] of files) {
  const text = JSON.stringify(artifact, null, 1) + "\n";
  const file = join(artifacts, name);
  stale.delete(name);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  if (!check) {
    writeFileSync(file, text);
    console.log(`wrote artifacts/${name} (${artifact.bytecode.length / 2 - 1} bytes of code)`);
    continue;
  }
  differences += 1;
  console.error(`artifacts/${name} is not what its source compiles to`);
}
for (const file of stale) {
  differences += 1;
  console.error(`artifacts/${file} belongs to no contract`);
}
process.exit(differences > 0 ? 1 : 0);
