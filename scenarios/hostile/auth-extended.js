// Writes another address into what it is told about its caller.
// It is frozen, with all that is in it.
'use strict';
Lit.Auth.actionIpfsIdStack.push('QmEvil');
