// Attaches reactions to a promise that stays pending: none of them ever becomes a job.
// Reactions are counted when they are attached.
const p = new Promise(() => {});
for (;;) (async () => { await p; })();
