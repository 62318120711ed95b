//! What each native function costs. A function that is reachable from the global object or by syntax and has no row
//! here makes a test fail, so an upgrade of the engine cannot bring in natives that nobody has looked at.

use boa_engine::{Context, JsResult, JsValue};

use super::{Call, arrays, buffers, objects, patterns, pieces, proxies, replace, search, sort, symbols, text};

/// What runs in place of a native, and calls it.
pub(super) type Advice = fn(&Call, &mut Context) -> JsResult<JsValue>;

/// The class of a native.
#[derive(Clone, Copy)]
pub(super) enum Cost {
    /// It does little, calls nothing and returns no object, so neither a loop nor a recursion inside the engine can
    /// live on it. Not wrapped.
    Free,
    /// Like [`Cost::Free`], if its arguments need no conversion that may run long or call something; else like
    /// [`Cost::Constant`].
    Plain,
    /// It does little; each call costs the same.
    Constant,
    /// What it does grows with what it is given; the advice charges for that before or while it happens.
    Sized(Advice),
    /// Written in this crate; charges for itself.
    Ours,
}

impl Cost {
    /// Whether natives of this class are wrapped.
    pub(super) fn wraps(self) -> bool {
        !matches!(self, Self::Free | Self::Ours)
    }
}

use Cost::{Constant, Free, Ours, Plain, Sized};

/// Natives that are taken away: (holder, name).
pub(super) const REMOVED: [(&str, &str); 4] =
    [("", "TypedArray"), ("Date.prototype", "toTemporalInstant"), ("JSON", "isRawJSON"), ("JSON", "rawJSON")];

/// Properties that hold the same function as another: (holder, name, holder of the other, name of the other).
pub(super) const ALIASES: [(&str, &str, &str, &str); 11] = [
    ("%TypedArray%.prototype", "[Symbol.iterator]", "%TypedArray%.prototype", "values"),
    ("%TypedArray%.prototype", "toString", "Array.prototype", "toString"),
    ("Array.prototype", "[Symbol.iterator]", "Array.prototype", "values"),
    ("Map.prototype", "[Symbol.iterator]", "Map.prototype", "entries"),
    ("Number", "parseFloat", "", "parseFloat"),
    ("Number", "parseInt", "", "parseInt"),
    ("Set.prototype", "[Symbol.iterator]", "Set.prototype", "values"),
    ("Set.prototype", "keys", "Set.prototype", "values"),
    ("String.prototype", "trimLeft", "String.prototype", "trimStart"),
    ("String.prototype", "trimRight", "String.prototype", "trimEnd"),
    ("Date.prototype", "toGMTString", "Date.prototype", "toUTCString"),
];

/// (holder, class, names).
pub(super) const TABLE: &[(&str, Cost, &str)] = &[
    // Constructors; errors before their kinds, whose parent they are.
    ("", Constant, "Object Error"),
    ("", Constant, "EvalError RangeError ReferenceError SyntaxError TypeError URIError AggregateError"),
    ("", Constant, "Map Set WeakMap WeakSet"),
    ("", Constant, "Function TextDecoder"),
    ("", Sized(symbols::symbol), "Symbol"),
    // `await` compares the constructor of a promise with the engine's own, so that one stays.
    ("", Free, "Boolean DataView Iterator Promise TextEncoder"),
    ("", Free, "%TypedArray% %GeneratorFunction% %AsyncFunction% %AsyncGeneratorFunction% %ThrowTypeError%"),
    ("", Sized(objects::array), "Array"),
    ("", Sized(objects::number), "BigInt Number String"),
    ("", Sized(proxies::proxy), "Proxy"),
    ("", Sized(patterns::construct), "RegExp"),
    ("", Sized(buffers::buffer), "ArrayBuffer"),
    ("", Sized(buffers::typed), "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array"),
    ("", Sized(buffers::typed), "BigInt64Array BigUint64Array Float16Array Float32Array Float64Array"),
    ("", Ours, "Date Headers Request Response"),
    // Functions.
    ("", Sized(text::codec), "decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape atob btoa"),
    ("", Sized(text::parse), "isFinite isNaN parseFloat parseInt"),
    ("", Sized(objects::set_timer), "setTimeout setInterval"),
    ("", Sized(objects::reaction), "queueMicrotask"),
    ("", Constant, "clearTimeout clearInterval eval fetch"),
    ("", Ours, "structuredClone"),
    // Arrays.
    ("Array", Sized(arrays::from), "from"),
    ("Array", Sized(arrays::of), "of"),
    ("Array", Free, "isArray"),
    ("Array.prototype", Constant, "at entries keys pop toString values"),
    ("Array.prototype", Sized(arrays::push), "push"),
    ("Array.prototype", Sized(arrays::look), "every find findIndex findLast findLastIndex forEach includes indexOf"),
    ("Array.prototype", Sized(arrays::look), "lastIndexOf reduce reduceRight reverse some"),
    ("Array.prototype", Sized(arrays::shift), "shift"),
    (
        "Array.prototype",
        Sized(arrays::copy),
        "copyWithin fill filter map slice splice toReversed toSpliced unshift with",
    ),
    ("Array.prototype", Sized(arrays::concat), "concat"),
    ("Array.prototype", Sized(arrays::flat), "flat"),
    ("Array.prototype", Sized(arrays::flat_map), "flatMap"),
    ("Array.prototype", Sized(pieces::join), "join"),
    ("Array.prototype", Sized(pieces::join_locale), "toLocaleString"),
    ("Array.prototype", Sized(sort::sort), "sort"),
    ("Array.prototype", Sized(sort::to_sorted), "toSorted"),
    ("%TypedArray%", Sized(arrays::from), "from"),
    ("%TypedArray%", Sized(arrays::of), "of"),
    ("%TypedArray%.prototype", Constant, "at entries keys subarray values"),
    (
        "%TypedArray%.prototype",
        Sized(buffers::look),
        "copyWithin every fill find findIndex findLast findLastIndex forEach",
    ),
    ("%TypedArray%.prototype", Sized(buffers::look), "includes indexOf lastIndexOf reduce reduceRight reverse some"),
    ("%TypedArray%.prototype", Sized(buffers::copy), "filter map slice toReversed with"),
    ("%TypedArray%.prototype", Sized(buffers::set), "set"),
    ("%TypedArray%.prototype", Sized(pieces::join), "join"),
    ("%TypedArray%.prototype", Sized(pieces::join_locale), "toLocaleString"),
    ("%TypedArray%.prototype", Sized(sort::sort_typed), "sort"),
    ("%TypedArray%.prototype", Sized(sort::to_sorted_typed), "toSorted"),
    ("ArrayBuffer", Free, "isView"),
    ("ArrayBuffer.prototype", Sized(buffers::copy_buffer), "slice resize"),
    (
        "DataView.prototype",
        Plain,
        "getBigInt64 getBigUint64 getFloat16 getFloat32 getFloat64 getInt8 getInt16 getInt32",
    ),
    ("DataView.prototype", Plain, "getUint8 getUint16 getUint32 setBigInt64 setBigUint64 setFloat16 setFloat32"),
    ("DataView.prototype", Plain, "setFloat64 setInt8 setInt16 setInt32 setUint8 setUint16 setUint32"),
    // Iterators.
    ("%ArrayIteratorPrototype%", Constant, "next"),
    ("%AsyncFromSyncIteratorPrototype%", Sized(objects::reaction), "next return throw"),
    ("%AsyncGeneratorPrototype%", Sized(objects::reaction), "next return throw"),
    ("%AsyncIteratorPrototype%", Constant, "[Symbol.asyncIterator]"),
    ("%GeneratorPrototype%", Constant, "next return throw"),
    ("%IteratorHelperPrototype%", Constant, "next return"),
    ("%MapIteratorPrototype%", Constant, "next"),
    ("%RegExpStringIteratorPrototype%", Constant, "next"),
    ("%SetIteratorPrototype%", Constant, "next"),
    ("%StringIteratorPrototype%", Sized(pieces::next_character), "next"),
    ("%WrapForValidIteratorPrototype%", Constant, "next return"),
    ("Iterator", Constant, "concat from"),
    ("Iterator.prototype", Constant, "drop every filter find flatMap forEach map reduce some take toArray"),
    ("Iterator.prototype", Constant, "[Symbol.iterator]"),
    // Collections.
    ("Map", Constant, "groupBy"),
    ("Map.prototype", Sized(objects::insert), "set getOrInsert getOrInsertComputed"),
    ("Map.prototype", Constant, "clear entries get has keys values"),
    ("Map.prototype", Sized(objects::remove), "delete"),
    ("Map.prototype", Sized(objects::walk), "forEach"),
    ("Set.prototype", Sized(objects::insert), "add"),
    ("Set.prototype", Constant, "clear entries has values"),
    ("Set.prototype", Sized(objects::remove), "delete"),
    ("Set.prototype", Sized(objects::walk), "forEach isDisjointFrom isSubsetOf isSupersetOf"),
    ("Set.prototype", Sized(objects::combine), "difference intersection symmetricDifference union"),
    ("WeakMap.prototype", Sized(objects::insert), "set getOrInsert getOrInsertComputed"),
    ("WeakMap.prototype", Constant, "delete get has"),
    ("WeakSet.prototype", Sized(objects::insert), "add"),
    ("WeakSet.prototype", Constant, "delete has"),
    // Objects and functions.
    (
        "Object",
        Sized(objects::list),
        "entries getOwnPropertyDescriptors getOwnPropertyNames getOwnPropertySymbols keys",
    ),
    ("Object", Sized(objects::list), "values"),
    ("Object", Sized(objects::assign), "assign create defineProperties"),
    ("Object", Sized(objects::walk_first), "freeze isFrozen isSealed seal"),
    ("Object", Constant, "defineProperty fromEntries getOwnPropertyDescriptor getPrototypeOf groupBy"),
    ("Object", Constant, "preventExtensions"),
    ("Object", Sized(objects::set_prototype), "setPrototypeOf"),
    ("Object", Constant, "hasOwn isExtensible"),
    ("Object", Free, "is"),
    ("Object.prototype", Constant, "__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ valueOf"),
    ("Object.prototype", Constant, "isPrototypeOf toLocaleString"),
    ("Object.prototype", Constant, "hasOwnProperty propertyIsEnumerable toString"),
    ("Reflect", Sized(objects::reflect_apply), "apply"),
    ("Reflect", Sized(objects::apply), "construct"),
    ("Reflect", Sized(objects::list), "ownKeys"),
    ("Reflect", Sized(objects::set_prototype), "setPrototypeOf"),
    ("Reflect", Constant, "defineProperty deleteProperty get getOwnPropertyDescriptor getPrototypeOf has isExtensible"),
    ("Reflect", Constant, "preventExtensions set"),
    ("Proxy", Sized(proxies::proxy), "revocable"),
    ("Function.prototype", Sized(objects::apply), "apply"),
    ("Function.prototype", Sized(objects::bind), "bind"),
    ("Function.prototype", Sized(text::of_function), "toString"),
    ("Function", Free, "prototype"),
    ("Function.prototype", Constant, "call"),
    // Cannot be replaced. It calls something only when it is given an argument, which a getter or trap is not.
    ("Function.prototype", Free, "[Symbol.hasInstance]"),
    ("Error.prototype", Sized(text::made), "toString"),
    ("Symbol", Sized(symbols::registered), "for"),
    ("Symbol", Sized(symbols::key_of), "keyFor"),
    ("Symbol.prototype", Sized(text::made), "toString"),
    ("Symbol.prototype", Constant, "valueOf [Symbol.toPrimitive]"),
    ("Boolean.prototype", Free, "toString valueOf"),
    // Promises.
    ("Promise", Sized(objects::reaction), "reject resolve try withResolvers"),
    ("Promise", Constant, "all allSettled any race"),
    ("Promise.prototype", Sized(objects::reaction), "catch finally then"),
    // Numbers.
    ("BigInt", Sized(objects::wrap_bigint), "asIntN asUintN"),
    ("BigInt.prototype", Sized(objects::print_bigint), "toLocaleString toString"),
    ("BigInt.prototype", Free, "valueOf"),
    ("Number", Free, "isFinite isInteger isNaN isSafeInteger"),
    ("Number.prototype", Plain, "toExponential toFixed toLocaleString toPrecision toString"),
    ("Number.prototype", Free, "valueOf"),
    ("Math", Plain, "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 pow"),
    ("Math", Plain, "sin sinh sqrt tan tanh"),
    ("Math", Ours, "random"),
    ("Math", Constant, "sumPrecise"),
    ("Math", Plain, "abs ceil clz32 f16round floor fround imul max min round sign trunc"),
    ("Date", Ours, "now"),
    ("Date", Sized(text::parse_date), "parse"),
    ("Date", Plain, "UTC"),
    (
        "Date.prototype",
        Free,
        "getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime",
    ),
    ("Date.prototype", Free, "getTimezoneOffset getUTCDate getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds"),
    ("Date.prototype", Free, "getUTCMinutes getUTCMonth getUTCSeconds getYear"),
    ("Date.prototype", Plain, "setDate setFullYear setHours"),
    ("Date.prototype", Plain, "setMilliseconds setMinutes setMonth setSeconds setTime setUTCDate setUTCFullYear"),
    ("Date.prototype", Plain, "setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds setYear"),
    ("Date.prototype", Free, "toDateString toISOString toLocaleDateString toLocaleString toLocaleTimeString"),
    ("Date.prototype", Free, "toString toTimeString toUTCString valueOf"),
    ("Date.prototype", Constant, "toJSON [Symbol.toPrimitive]"),
    // Text.
    ("String", Sized(pieces::raw), "raw"),
    ("String", Sized(text::made), "fromCharCode fromCodePoint"),
    ("String.prototype", Sized(text::look), "charCodeAt codePointAt endsWith isWellFormed localeCompare startsWith"),
    ("String.prototype", Sized(text::part), "at charAt slice substr substring trim trimEnd trimStart"),
    ("String.prototype", Sized(text::mapped), "normalize toLocaleLowerCase toLocaleUpperCase toLowerCase toUpperCase"),
    ("String.prototype", Sized(text::mapped), "toWellFormed"),
    (
        "String.prototype",
        Sized(text::tagged),
        "anchor big blink bold fixed fontcolor fontsize italics link small strike",
    ),
    ("String.prototype", Sized(text::tagged), "sub sup"),
    ("String.prototype", Sized(text::repeat), "repeat"),
    ("String.prototype", Sized(text::pad), "padEnd padStart"),
    ("String.prototype", Sized(text::concat), "concat"),
    ("String.prototype", Sized(search::includes), "includes"),
    ("String.prototype", Sized(search::index_of), "indexOf"),
    ("String.prototype", Sized(search::last_index_of), "lastIndexOf"),
    ("String.prototype", Sized(pieces::split), "split"),
    ("String.prototype", Sized(replace::first), "replace"),
    ("String.prototype", Sized(replace::all), "replaceAll"),
    ("String.prototype", Sized(patterns::by_text), "match matchAll search"),
    ("String.prototype", Constant, "[Symbol.iterator]"),
    ("String.prototype", Free, "toString valueOf"),
    ("RegExp", Sized(text::mapped_argument), "escape"),
    ("RegExp.prototype", Sized(patterns::construct), "compile"),
    ("RegExp.prototype", Sized(patterns::exec), "exec"),
    ("RegExp.prototype", Sized(text::walk), "test [Symbol.match] [Symbol.matchAll] [Symbol.search]"),
    ("RegExp.prototype", Sized(patterns::split), "[Symbol.split]"),
    ("RegExp.prototype", Sized(patterns::replace), "[Symbol.replace]"),
    ("RegExp.prototype", Sized(text::made), "toString"),
    ("TextEncoder.prototype", Sized(buffers::encode), "encode"),
    ("TextDecoder.prototype", Sized(buffers::decode), "decode"),
    ("JSON", Constant, "parse stringify"),
    // What actions are given.
    ("console", Ours, "assert clear count countReset debug dir dirxml error group groupCollapsed groupEnd info log"),
    ("console", Ours, "table time timeEnd timeLog timeStamp trace warn"),
    ("crypto", Ours, "getRandomValues randomUUID"),
    ("crypto.subtle", Ours, "digest"),
    ("Headers.prototype", Constant, "append delete entries forEach get getSetCookie has keys set values"),
    ("Headers.prototype", Constant, "[Symbol.iterator]"),
    ("Request.prototype", Constant, "arrayBuffer bytes clone json text"),
    ("Response", Constant, "error json redirect"),
    ("Response.prototype", Constant, "arrayBuffer bytes clone json text"),
    ("LitActions", Ours, "ethPersonalSignMessageEcdsa getPermittedActions getPermittedAddresses isPermittedAction"),
    ("LitActions", Ours, "isPermittedAddress isPermittedAuthMethod pubkeyToTokenId setResponse sign signEcdsa"),
    ("LitActions", Ours, "uint8arrayFromString uint8arrayToString"),
    ("LitActions", Ours, "aesDecrypt broadcastAndCollect call callContract checkConditions claimKey decryptAndCombine"),
    ("LitActions", Ours, "decryptToSingleNode encrypt getLatestNonce getPermittedAuthMethodScopes getRpcUrl runOnce"),
    ("LitActions", Ours, "getPermittedAuthMethods signAndCombine signAndCombineEcdsa signEip191AndCombine"),
    ("LitActions", Ours, "Decrypt Encrypt getActionPublicKey getLitActionPrivateKey getLitActionPublicKey"),
    ("LitActions", Ours, "getLitActionWalletAddress getPrivateKey signAsAction verifyActionSignature"),
];

/// Getters and setters: (holders, class, names).
pub(super) const ACCESSORS: &[(&str, Cost, &str)] = &[
    // They load parts of the surface.
    ("", Ours, "get AbortController,set AbortController,get AbortSignal,set AbortSignal,get Buffer,set Buffer"),
    ("", Ours, "get DOMException,set DOMException,get Event,set Event,get EventTarget,set EventTarget"),
    ("", Ours, "get URL,set URL,get URLSearchParams,set URLSearchParams,get ethers,set ethers"),
    ("Array ArrayBuffer Map Promise RegExp Set %TypedArray%", Constant, "get [Symbol.species]"),
    ("Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array", Constant, "get [Symbol.species]"),
    ("Int32Array Uint32Array BigInt64Array BigUint64Array", Constant, "get [Symbol.species]"),
    ("Float16Array Float32Array Float64Array", Constant, "get [Symbol.species]"),
    ("ArrayBuffer.prototype", Free, "get byteLength,get maxByteLength,get resizable"),
    ("DataView.prototype", Free, "get byteLength,get byteOffset"),
    ("DataView.prototype", Constant, "get buffer"),
    ("%TypedArray%.prototype", Free, "get byteLength,get byteOffset,get length,get [Symbol.toStringTag]"),
    ("%TypedArray%.prototype", Constant, "get buffer"),
    ("Error.prototype", Sized(text::made), "get stack"),
    ("Error.prototype", Constant, "set stack"),
    ("Iterator.prototype", Constant, "get constructor,set constructor"),
    ("Iterator.prototype", Constant, "get [Symbol.toStringTag],set [Symbol.toStringTag]"),
    ("Map.prototype Set.prototype", Free, "get size"),
    ("Object.prototype", Constant, "get __proto__"),
    ("Object.prototype", Sized(objects::set_proto), "set __proto__"),
    ("RegExp.prototype", Free, "get dotAll,get global,get hasIndices,get ignoreCase,get multiline"),
    ("RegExp.prototype", Free, "get sticky,get unicode,get unicodeSets"),
    ("RegExp.prototype", Constant, "get flags"),
    ("RegExp.prototype", Sized(text::made), "get source"),
    ("Request.prototype", Constant, "get bodyUsed,get headers,get method,get redirect,get signal,get url"),
    ("Response.prototype", Constant, "get bodyUsed,get headers,get ok,get redirected,get status,get statusText"),
    ("Response.prototype", Constant, "get type,get url"),
    ("Symbol.prototype", Sized(text::made), "get description"),
    ("TextDecoder.prototype", Free, "get encoding,get ignoreBOM"),
    ("TextEncoder.prototype", Free, "get encoding"),
];

/// Prototypes of functions whose constructor makes code from text, which is always refused: but only after the text
/// was converted.
pub(super) const CODE_MAKERS: [&str; 3] =
    ["%GeneratorFunction.prototype%", "%AsyncFunction.prototype%", "%AsyncGeneratorFunction.prototype%"];

/// Natives that the engine makes while a script runs.
#[cfg(test)]
const MADE: [&str; 5] =
    ["%arguments%.[Symbol.iterator]", "%bound%", "%resolvers%.resolve", "%resolvers%.reject", "%revocable%.revoke"];

/// All natives that have a class, as `holder.name`.
#[cfg(test)]
pub(in crate::action) fn all() -> std::collections::BTreeSet<String> {
    let dotted = |holder: &str, name: &str| match holder {
        "" => name.to_owned(),
        holder => format!("{holder}.{name}"),
    };
    let natives = TABLE.iter().flat_map(|(holder, _, names)| names.split_whitespace().map(|name| dotted(holder, name)));
    let accessors = ACCESSORS.iter().flat_map(|(holders, _, names)| {
        holders.split(' ').flat_map(|holder| names.split(',').map(|name| dotted(holder, name)))
    });
    let aliases = ALIASES.iter().map(|(holder, name, ..)| dotted(holder, name));
    natives.chain(aliases).chain(accessors).chain(MADE.map(str::to_owned)).collect()
}
