//! What an action may use up, and what of it holds.
//!
//! **Fuel** is charged for every instruction of the engine, for every call of a native function and, at the rates of
//! `natives`, for what natives do with lengths that a script chooses. **Memory** is what natives make (texts, arrays,
//! buffers, entries of collections), counted when it is made and never given back: an action that makes and drops more
//! than the limit over its life is ended like one that keeps it. Counting what is alive would need to know when the
//! collector ran, which differs from run to run. **Jobs** bound what waits for promises. **Depth** is bounded twice: by
//! [`Limits::recursion`] for functions of the script and by [`NATIVE_DEPTH_MAX`] for natives that call natives.
//!
//! Operators and syntax have no hook in the engine, so these are **not** bounded by anything but fuel and the process's
//! memory and stack:
//!
//! * memory that grows by literals, assignments and calls: arrays, objects, closures, generators
//!   (`for(;;) a[a.length] = {}`), spreads and rest elements of endless generators, `Array.from` of one;
//! * texts and integers that grow by operators: `s += s` doubles with every instruction, and so does `b *= b`;
//!   `s = s[0]` nests views of one character;
//! * time: an instruction that walks its operands counts as one, whatever their length: `===`, `<`, `+` on long texts or
//!   BigInts; `*`, `/`, `%`, `**`, `<<` on BigInts; conversions of long texts and BigInts (`+s`, `${b}`, and of what
//!   a `valueOf` returns to a native); a long text as a key; `delete o[k]`, `{...o}` and `for (k in o)` on an object of
//!   many members; `{__proto__: o}`, `instanceof` and lookups along a long chain of prototypes;
//! * regular expressions that backtrack without end (`/(a+)+$/`);
//! * the native stack: a lookup through a chain of some 100,000 prototypes (`for(;;) o = {__proto__: o}`).
//!
//! Such scripts can hang or end the process, but not make two runs that end differ: a deployment that runs strangers'
//! code puts executions into a worker process with an address-space limit and a watchdog.

use serde::{Deserialize, Serialize};

/// How much virtual time one unit of fuel takes, nanoseconds: what a Boa instruction takes on the reference machine.
pub const NANOS_PER_INSTRUCTION: u64 = 20;
/// How deep JSON texts and values may nest, levels.
pub const JSON_DEPTH_MAX: usize = 256;
/// How many natives may be active inside each other, e.g. `toString` of nested arrays.
pub const NATIVE_DEPTH_MAX: u32 = 300;
/// The longest array that natives may walk, elements.
pub const ARRAY_LENGTH_MAX: u64 = 1 << 22;
/// The longest argument list that `apply` may spread.
pub const ARGUMENTS_MAX: u64 = 65_536;
/// The longest string that a native may make, UTF-16 code units.
pub const STRING_LENGTH_MAX: u64 = 1 << 25;
/// The longest array buffer, bytes.
pub const BUFFER_BYTES_MAX: u64 = 32 << 20;

/// Proxies that one execution may make.
pub const PROXIES_MAX: u64 = 1_000;

/// What one execution may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Boa instructions, and what natives charge for walking long inputs.
    pub fuel: u64,
    /// Node time from start to end, waiting included, milliseconds.
    pub time_ms: u64,
    /// Bytes that natives may make, counted when made and never given back.
    pub memory_bytes: u64,
    /// Size of the code, bytes.
    pub code_bytes: u64,
    /// Size of the response, bytes of UTF-8.
    pub response_bytes: u64,
    /// Size of all printed lines together, bytes of UTF-8.
    pub log_bytes: u64,
    /// Body of a fetched response, bytes.
    pub fetch_bytes: u64,
    /// Calls of `fetch`.
    pub fetches: u64,
    /// Requests for a signature.
    pub signs: u64,
    /// Questions to a chain, permission queries included.
    pub contract_calls: u64,
    /// Uses of `runOnce` and `broadcastAndCollect`.
    pub broadcasts: u64,
    /// Calls of other actions, over the whole stack.
    pub calls: u64,
    /// Actions that may be on the stack of calls, the first one included.
    pub depth: u64,
    /// Reactions of promises, jobs and timers, counted when they are set up; an `await` is three of them.
    pub jobs: u64,
    /// Timers that may be set at once.
    pub timers: u64,
    /// Active function calls inside each other.
    pub recursion: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 1_000_000_000,
            time_ms: 30_000,
            memory_bytes: 256 << 20,
            code_bytes: 16 << 20,
            response_bytes: 100 << 10,
            log_bytes: 100 << 10,
            fetch_bytes: 16 << 20,
            fetches: 50,
            signs: 10,
            contract_calls: 30,
            broadcasts: 30,
            calls: 50,
            depth: 5,
            jobs: 250_000,
            timers: 1_000,
            recursion: 512,
        }
    }
}
