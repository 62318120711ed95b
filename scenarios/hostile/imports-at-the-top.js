// Is a module that imports another one.
// There is nothing to import.
import fs from 'node:fs';
fs.readFileSync('/etc/passwd');
