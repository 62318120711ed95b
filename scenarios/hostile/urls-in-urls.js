// An object whose text is the URL of another such object.
// The bound on calls inside each other, of scripts or of natives.
class Endless {
  toString() {
    return new URL(new Endless()).href;
  }
}
new URL(new Endless());
