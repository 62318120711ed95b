// Deletes the global, to define it anew.
// It cannot be deleted.
'use strict';
delete globalThis.Lit;
