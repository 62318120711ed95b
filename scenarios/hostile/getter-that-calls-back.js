// A getter in the arguments that calls the same function with the same object.
// The bound on calls inside each other.
const o = {
  get response() {
    return Lit.Actions.setResponse(o);
  },
};
Lit.Actions.setResponse(o);
