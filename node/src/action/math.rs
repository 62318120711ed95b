//! `Math` on every host alike: transcendental functions come from the `libm` crate instead of the platform's C
//! library, and `Math.random` from the execution's own stream.
//!
//! The operator `**` on numbers cannot be replaced: the engine evaluates it with the standard library's `powf`, whose
//! last bit may differ between platforms for fractional exponents. Actions that need agreement use `Math.pow`.

use boa_engine::{Context, JsResult, JsValue, NativeFunction, js_string};
use rand_core::RngCore;

use super::host::Host;
use super::host::args::type_error;
use super::natives::replace;

type Unary = (&'static str, fn(f64) -> f64);
type Binary = (&'static str, fn(f64, f64) -> f64);

const UNARY: [Unary; 20] = [
    ("acos", libm::acos),
    ("acosh", libm::acosh),
    ("asin", libm::asin),
    ("asinh", libm::asinh),
    ("atan", libm::atan),
    ("atanh", libm::atanh),
    ("cbrt", libm::cbrt),
    ("cos", libm::cos),
    ("cosh", libm::cosh),
    ("exp", libm::exp),
    ("expm1", libm::expm1),
    ("log", libm::log),
    ("log10", libm::log10),
    ("log1p", libm::log1p),
    ("log2", libm::log2),
    ("sin", libm::sin),
    ("sinh", libm::sinh),
    ("sqrt", libm::sqrt),
    ("tan", libm::tan),
    ("tanh", libm::tanh),
];

const BINARY: [Binary; 2] = [("atan2", libm::atan2), ("pow", pow)];

/// Replaces the functions of `Math`.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    let math = context.global_object().get(js_string!("Math"), context)?.as_object();
    let math = math.ok_or_else(|| type_error("Math is missing".into()))?;
    for (name, function) in UNARY {
        let native =
            NativeFunction::from_copy_closure(move |_, args, context| Ok(function(number(args, 0, context)?).into()));
        replace(&math, name, native, context)?;
    }
    for (name, function) in BINARY {
        let native = NativeFunction::from_copy_closure(move |_, args, context| {
            let (x, y) = (number(args, 0, context)?, number(args, 1, context)?);
            Ok(function(x, y).into())
        });
        replace(&math, name, native, context)?;
    }
    replace(&math, "hypot", NativeFunction::from_fn_ptr(hypot), context)?;
    replace(&math, "random", NativeFunction::from_fn_ptr(random), context)?;
    Ok(())
}

fn number(args: &[JsValue], index: usize, context: &mut Context) -> JsResult<f64> {
    args.get(index).map_or(Ok(f64::NAN), |value| value.to_number(context))
}

/// ECMA-262 differs from IEEE 754 where the base is 1 and the exponent is not finite (Number::exponentiate).
fn pow(base: f64, exponent: f64) -> f64 {
    let undecided = exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite());
    if undecided { f64::NAN } else { libm::pow(base, exponent) }
}

fn hypot(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let numbers = args.iter().map(|value| value.to_number(context)).collect::<JsResult<Vec<f64>>>()?;
    if numbers.iter().any(|number| number.is_infinite()) {
        return Ok(f64::INFINITY.into());
    }
    Ok(numbers.into_iter().fold(0.0, libm::hypot).into())
}

/// A multiple of 2^-53 in [0, 1).
fn random(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let bits = Host::of(context).random.borrow_mut().next_u64() >> 11;
    Ok((bits as f64 / (1_u64 << 53) as f64).into())
}
