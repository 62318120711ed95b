//! Symbols. The engine keeps registered ones for the life of the process and copies texts without a price, so the
//! registry is written anew here: each context has its own.

use boa_engine::{Context, JsResult, JsString, JsSymbol, JsValue};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Call;
use super::size::make_text;
use crate::action::host::Host;
use crate::action::host::args::type_error;

/// What a symbol takes up beside its text, bytes.
const SYMBOL_BYTES: u64 = 128;

/// Symbols by their keys (ECMA-262, 20.4.2.2).
#[derive(Clone, Default)]
struct Registry(Rc<RefCell<BTreeMap<JsString, JsSymbol>>>);

impl Registry {
    fn of(context: &mut Context) -> Self {
        if let Some(registry) = context.get_data::<Self>() {
            return registry.clone();
        }
        let registry = Self::default();
        context.insert_data(registry.clone());
        registry
    }
}

/// Counts a symbol that is about to be made, with its text.
fn make(length: u64, context: &mut Context) -> JsResult<()> {
    make_text(length, context)?;
    Host::of(context).produce(SYMBOL_BYTES)
}

/// `Symbol`.
pub(super) fn symbol(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let text = call.arg(0);
    if call.constructor && !call.this.is_undefined() || text.is_undefined() {
        make(0, context)?;
        return call.run(context);
    }
    let text = text.to_string(context)?;
    make(text.len() as u64, context)?;
    call.run_with(call.this, &[text.into()], context)
}

/// `Symbol.for`.
pub(super) fn registered(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let key = call.arg(0).to_string(context)?;
    Host::of(context).charge(key.len() as u64 / 4, context)?;
    let registry = Registry::of(context);
    let known = registry.0.borrow().get(&key).cloned();
    if let Some(symbol) = known {
        return Ok(symbol.into());
    }
    // Once for the symbol, once for the registry.
    make(2 * key.len() as u64, context)?;
    let symbol = JsSymbol::new(Some(key.clone())).ok_or_else(|| type_error("no more symbols".into()))?;
    registry.0.borrow_mut().insert(key, symbol.clone());
    Ok(symbol.into())
}

/// `Symbol.keyFor`.
pub(super) fn key_of(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let Some(symbol) = call.arg(0).as_symbol() else { return call.run(context) };
    let Some(text) = symbol.description() else { return Ok(JsValue::undefined()) };
    make_text(text.len() as u64, context)?;
    let is_registered = Registry::of(context).0.borrow().get(&text) == Some(&symbol);
    Ok(if is_registered { text.into() } else { JsValue::undefined() })
}
