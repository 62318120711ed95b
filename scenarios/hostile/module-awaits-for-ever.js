// A module that awaits at its top level what never comes.
// With nothing left to do, the action is over.
await new Promise(() => {});
export const never = true;
