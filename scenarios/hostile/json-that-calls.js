// Makes JSON of an object whose `toJSON` wraps it once more.
// The depth of JSON.
JSON.stringify({
  toJSON() {
    return [this];
  },
});
