// A class that makes itself to make itself.
// The bound on calls inside each other.
class A {
  inner = new this.constructor();
}
new A();
