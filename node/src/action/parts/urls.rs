//! Parsing and changing URLs and forms (<https://url.spec.whatwg.org>).

use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsResult, JsString, JsValue};
use url::{Url, form_urlencoded, quirks};

use super::{Primitive, new_text, text_argument};
use crate::action::host::Host;

/// The longest URL that is parsed, bytes.
const URL_BYTES_MAX: usize = 1 << 20;
/// What a pair of a form takes up, bytes.
const PAIR_BYTES: u64 = 32;

pub(super) const PRIMITIVES: [Primitive; 4] = [
    // (href, base or undefined) -> the parts, or null.
    ("parseUrl", |args, context| {
        let href = text_argument(args, 0, context)?;
        let base = match args.get(1).filter(|base| !base.is_undefined()) {
            Some(_) => Some(text_argument(args, 1, context)?),
            None => None,
        };
        parts_or_null(parse(&href, base.as_ref()), context)
    }),
    // (href, name of a part, value) -> the parts, or null if the value does not fit.
    ("setUrl", |args, context| {
        let (href, part) = (text_argument(args, 0, context)?, text_argument(args, 1, context)?);
        let value = text_argument(args, 2, context)?.to_std_string_lossy();
        let changed = parse(&href, None).and_then(|url| change(url, &part.to_std_string_lossy(), &value));
        parts_or_null(changed, context)
    }),
    // query -> [name, value, name, value, ...]
    ("parseForm", |args, context| {
        let query = text_argument(args, 0, context)?.to_std_string_lossy();
        let mut flat = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            Host::of(context).produce(PAIR_BYTES)?;
            flat.push(new_text(&name, context)?);
            flat.push(new_text(&value, context)?);
        }
        Ok(JsArray::from_iter(flat, context).into())
    }),
    ("formText", |args, context| {
        let text = text_argument(args, 0, context)?.to_std_string_lossy();
        let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        new_text(&encoded, context)
    }),
];

fn parse(href: &JsString, base: Option<&JsString>) -> Option<Url> {
    let fits = |text: &JsString| (text.len() <= URL_BYTES_MAX).then(|| text.to_std_string_lossy());
    let href = fits(href)?;
    match base {
        None => Url::parse(&href).ok(),
        Some(base) => Url::parse(&fits(base)?).ok()?.join(&href).ok(),
    }
}

/// Sets a part; what a setter of the standard ignores, changes nothing. `None` if a whole URL is none.
fn change(mut url: Url, part: &str, value: &str) -> Option<Url> {
    if value.len() > URL_BYTES_MAX {
        return None;
    }
    match part {
        "href" => return Url::parse(value).ok(),
        "protocol" => drop(quirks::set_protocol(&mut url, value)),
        "username" => drop(quirks::set_username(&mut url, value)),
        "password" => drop(quirks::set_password(&mut url, value)),
        "host" => drop(quirks::set_host(&mut url, value)),
        "hostname" => drop(quirks::set_hostname(&mut url, value)),
        "port" => drop(quirks::set_port(&mut url, value)),
        "pathname" => quirks::set_pathname(&mut url, value),
        "search" => quirks::set_search(&mut url, value),
        "hash" => quirks::set_hash(&mut url, value),
        _ => return None,
    }
    Some(url)
}

/// The parts in the order of `web/url.js`.
fn parts_or_null(url: Option<Url>, context: &mut Context) -> JsResult<JsValue> {
    let Some(url) = url else { return Ok(JsValue::null()) };
    let origin = quirks::origin(&url);
    let parts = [
        quirks::href(&url),
        &origin,
        quirks::protocol(&url),
        quirks::username(&url),
        quirks::password(&url),
        quirks::host(&url),
        quirks::hostname(&url),
        quirks::port(&url),
        quirks::pathname(&url),
        quirks::search(&url),
        quirks::hash(&url),
    ];
    let parts = parts.iter().map(|part| new_text(part, context)).collect::<JsResult<Vec<_>>>()?;
    Ok(JsArray::from_iter(parts, context).into())
}
