//! What an action may use up.
//!
//! Counted limits (fuel, fetches, bytes) are exact. Memory is bounded as far as it can be inside one process: every
//! length-like argument of a native function is capped and the bytes that natives produce are added up. Operators
//! have no hook, so arrays, objects and strings that grow by assignment (`a[a.length] = {}`, `s += s`), huge BigInt
//! products, catastrophic regular expressions, spreads of endless generators and long spread arguments are *not*
//! stopped here before the process runs out of memory or all fuel is used; a deployment that runs strangers' code puts executions into a worker process with an address-space limit.

/// How much virtual time one unit of fuel takes, nanoseconds: what a Boa instruction takes on the reference machine.
pub const NANOS_PER_INSTRUCTION: u64 = 20;
/// How deep JSON texts and values may nest, levels.
pub const JSON_DEPTH_MAX: usize = 256;
/// How many wrapped natives may be active inside each other, e.g. `toString` of nested arrays.
pub const NATIVE_DEPTH_MAX: u32 = 300;
/// The longest array that natives may walk, elements.
pub const ARRAY_LENGTH_MAX: u64 = 1 << 22;
/// The longest argument list that `apply` may spread.
pub const ARGUMENTS_MAX: u64 = 65_536;
/// The longest string that a native may make, UTF-16 code units.
pub const STRING_LENGTH_MAX: u64 = 1 << 25;
/// The longest array buffer, bytes.
pub const BUFFER_BYTES_MAX: u64 = 32 << 20;

/// What one execution may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Boa instructions, and what natives charge for walking long inputs.
    pub fuel: u64,
    /// Node time from start to end, waiting included, milliseconds.
    pub time_ms: u64,
    /// Bytes that natives may produce in strings and arrays, counted when made and never given back.
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
    /// Jobs (promise reactions and timer callbacks).
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
            jobs: 10_000_000,
            timers: 1_000,
            recursion: 512,
        }
    }
}
