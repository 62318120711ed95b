// Looks for the machine: its files, its process, its environment.
// There is nothing of it.
const names = ['process', 'require', 'module', 'Deno', 'Bun', 'std', 'os', 'fs', 'navigator', 'location', 'window', 'self', 'Worker', 'XMLHttpRequest', 'WebAssembly', 'Intl', 'Temporal', '$boa', '$262', 'print', 'load', 'read'];
throw new Error(`found: ${names.filter((name) => name in globalThis).join()}`);
