//! What an action's code is: a script, or a module that imports nothing.

use boa_engine::module::{ModuleLoader, ModuleRequest, Referrer};
use boa_engine::{Context, JsError, JsResult, Module, Script, Source};
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use super::error::ActionError;
use super::host::args::type_error;
use super::inspect;

/// Parsed code.
pub(super) enum Program {
    /// It runs at once; its completion value may be a promise.
    Script(Script),
    /// It may await at its top level. What it exports is not looked at.
    Module(Module),
}

/// Parses code as a script; code that is none, but is a module, is run as one.
///
/// # Errors
/// Of the two syntax errors, the one that is farther into the code.
pub(super) fn parse(code: &str, context: &mut Context) -> Result<Program, ActionError> {
    let script = match Script::parse(Source::from_bytes(code), None, context) {
        Ok(script) => return Ok(Program::Script(script)),
        Err(error) => SyntaxError::read(&error, code),
    };
    match Module::parse(Source::from_bytes(code), None, context) {
        Ok(module) => Ok(Program::Module(module)),
        Err(error) => {
            let module = SyntaxError::read(&error, code);
            let later = (module.line, module.column) > (script.line, script.column);
            Err(if later { module } else { script }.into())
        }
    }
}

/// Refuses all imports, of modules and by `import()`.
pub(super) struct NoImports;

impl ModuleLoader for NoImports {
    fn load_imported_module(
        self: Rc<Self>,
        _: Referrer,
        request: ModuleRequest,
        _: &RefCell<&mut Context>,
    ) -> impl Future<Output = JsResult<Module>> {
        let name = inspect::excerpt(request.specifier().to_std_string_lossy());
        let error = type_error(format!("an action imports nothing: put {name:?} into its code with a bundler"));
        std::future::ready(Err(error))
    }
}

struct SyntaxError {
    message: String,
    line: u32,
    column: u32,
}

impl From<SyntaxError> for ActionError {
    fn from(SyntaxError { message, line, column }: SyntaxError) -> Self {
        Self::Syntax { message, line, column }
    }
}

impl SyntaxError {
    /// Takes line and column out of the parser's text, which ends in "at line 3, col 7"; code that stops too early is
    /// reported at its end.
    fn read(error: &JsError, code: &str) -> Self {
        let text = error.as_native().map_or_else(|| error.to_string(), |error| error.message().to_owned());
        let text = inspect::excerpt(text);
        if let Some((message, line, column)) = split_position(&text) {
            return Self { message, line, column };
        }
        let line = code.lines().count().max(1) as u32;
        let column = code.lines().last().map_or(1, |last| last.chars().count() as u32 + 1);
        Self { message: text, line, column }
    }
}

fn split_position(text: &str) -> Option<(String, u32, u32)> {
    let (message, position) = text.rsplit_once(" at line ")?;
    let (line, column) = position.split_once(", col ")?;
    let column: String = column.chars().take_while(char::is_ascii_digit).collect();
    Some((message.to_owned(), line.parse().ok()?, column.parse().ok()?))
}
