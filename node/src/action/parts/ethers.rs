//! The library ethers, version 5: files of `action-js/ethers`, one per package, each loaded when it is first needed.

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsObject, JsResult, JsValue, NativeFunction, js_string};
use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{CALL_FUEL, bytes, curve, evaluate, hashes, host_object};
use crate::action::host::Host;
use crate::action::host::args::type_error;

macro_rules! files {
    ($($name:literal: $file:literal,)*) => {
        [$(($name, include_str!(concat!("../../../action-js/ethers/", $file)))),*]
    };
}

/// What the files call each other, and their texts.
const FILES: [(&str, &str); 31] = files! {
    "@ethersproject/abi": "abi.js",
    "@ethersproject/abstract-provider": "abstract-provider.js",
    "@ethersproject/abstract-signer": "abstract-signer.js",
    "@ethersproject/address": "address.js",
    "@ethersproject/base64": "base64.js",
    "@ethersproject/basex": "basex.js",
    "@ethersproject/bignumber": "bignumber.js",
    "@ethersproject/bytes": "bytes.js",
    "@ethersproject/constants": "constants.js",
    "@ethersproject/contracts": "contracts.js",
    "hash/ens-normalize": "hash-ens-normalize.js",
    "@ethersproject/hash": "hash.js",
    "@ethersproject/hdnode": "hdnode.js",
    "@ethersproject/json-wallets": "json-wallets.js",
    "@ethersproject/keccak256": "keccak256.js",
    "@ethersproject/logger": "logger.js",
    "@ethersproject/networks": "networks.js",
    "@ethersproject/properties": "properties.js",
    "@ethersproject/providers": "providers.js",
    "@ethersproject/random": "random.js",
    "@ethersproject/rlp": "rlp.js",
    "@ethersproject/sha2": "sha2.js",
    "@ethersproject/signing-key": "signing-key.js",
    "@ethersproject/solidity": "solidity.js",
    "strings/idna": "strings-idna.js",
    "@ethersproject/strings": "strings.js",
    "@ethersproject/transactions": "transactions.js",
    "@ethersproject/units": "units.js",
    "@ethersproject/wallet": "wallet.js",
    "@ethersproject/web": "web.js",
    "@ethersproject/wordlists": "wordlists.js",
};
const MAIN: &str = include_str!("../../../action-js/ethers/main.js");

/// The packages of one execution.
struct Modules {
    require: JsObject,
    host: JsObject,
    loaded: RefCell<BTreeMap<&'static str, JsObject>>,
}

/// Makes the `ethers` object; its members load what they need when they are read.
pub(super) fn load(context: &mut Context) -> JsResult<JsValue> {
    let main = evaluate(MAIN, context)?;
    let primitives = [&[bytes::FROM_HEX, bytes::TO_HEX][..], &curve::PRIMITIVES, &hashes::PRIMITIVES].concat();
    let host = host_object(&primitives, context)?;
    let require = NativeFunction::from_fn_ptr(|_, args, context| {
        Host::enter(CALL_FUEL, context, |context| require(args, context))
    });
    let require: JsObject = FunctionObjectBuilder::new(context.realm(), require).build().into();
    context.insert_data(Modules { require: require.clone(), host, loaded: RefCell::default() });
    let ethers = main.call(&JsValue::undefined(), &[require.into()], context)?;
    let globals = JsObject::with_null_proto();
    globals.create_data_property_or_throw(js_string!("ethers"), ethers, context)?;
    let part = JsObject::with_null_proto();
    part.create_data_property_or_throw(js_string!("globals"), globals, context)?;
    Ok(part.into())
}

/// What a file exports. A file that fails to load is loaded again when it is needed again.
fn require(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = args.first().and_then(JsValue::as_string).unwrap_or_default();
    let file = FILES.iter().find(|(known, _)| name == *known);
    let (name, source) = file.ok_or_else(|| type_error("ethers: no such module".into()))?;
    let modules = context.get_data::<Modules>().expect("set before anything is required");
    if let Some(loaded) = modules.loaded.borrow().get(name) {
        return Ok(loaded.clone().into());
    }
    let (require, host) = (modules.require.clone(), modules.host.clone());
    let module = JsObject::with_object_proto(context.intrinsics());
    let exports = JsObject::with_object_proto(context.intrinsics());
    module.create_data_property_or_throw(js_string!("exports"), exports.clone(), context)?;
    let arguments = [require.into(), module.clone().into(), exports.into(), host.into()];
    evaluate(source, context)?.call(&JsValue::undefined(), &arguments, context)?;
    let loaded = settled(&module.get(js_string!("exports"), context)?, context)?;
    let modules = context.get_data::<Modules>().expect("set before anything is required");
    modules.loaded.borrow_mut().insert(name, loaded.clone());
    Ok(loaded.into())
}

/// The exports as plain members: the bundler writes them as getters.
fn settled(exports: &JsValue, context: &mut Context) -> JsResult<JsObject> {
    let exports = exports.as_object().ok_or_else(|| type_error("ethers: a module exports nothing".into()))?;
    let members = JsObject::with_object_proto(context.intrinsics());
    for key in exports.own_property_keys(context)? {
        if matches!(&key, PropertyKey::String(name) if *name == "__esModule") {
            continue;
        }
        let value = exports.get(key.clone(), context)?;
        members.create_data_property_or_throw(key, value, context)?;
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_bundle_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/action-js/ethers");
        let entries = std::fs::read_dir(folder).expect("the bundle is committed");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        let scripts = names.filter(|name| name.ends_with(".js")).count();
        assert_eq!(scripts, FILES.len() + 1);
    }
}
