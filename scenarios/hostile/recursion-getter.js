// A getter that reads itself.
// The bound on calls inside each other.
const o = {
  get x() {
    return this.x;
  },
};
o.x;
