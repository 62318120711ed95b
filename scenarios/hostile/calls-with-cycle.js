// Calls an action with parameters that contain themselves.
// They have no JSON.
const params = {};
params.params = params;
Lit.Actions.call({ ipfsId: self, params });
